package dev.resilience.engine;

/**
 * What a count of hits says about the true share behind it.
 *
 * <p>The lower end of Wilson's score interval: E. B. Wilson, Probable inference, the law of succession, and statistical
 * inference, JASA 22 (1927).
 */
final class Evidence {
    /** One false alarm in 2,000 looks if the true share is the bound itself. */
    static final double SURE = 3.29;

    /** One in 200. */
    static final double LIKELY = 2.58;

    /** The least true share that {@code hits} of {@code of} still agree with, at {@code z} standard deviations. */
    static double leastShare(double hits, double of, double z) {
        if (of <= 0) {
            return 0;
        }
        double share = hits / of;
        double z2 = z * z;
        double spread = z * Math.sqrt((share * (1 - share) + z2 / (4 * of)) / of);
        return (share + z2 / (2 * of) - spread) / (1 + z2 / of);
    }

    private Evidence() {}
}
