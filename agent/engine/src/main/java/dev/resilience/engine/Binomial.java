package dev.resilience.engine;

/** How far the number of hits among so many tries strays from its mean by chance alone. */
final class Binomial {
    /** Below this logarithm the probability of no hit at all is no longer a double; the normal law is close by then. */
    private static final double UNDERFLOW = -700;

    /**
     * The greatest number that hits stay at or below with a probability of at most {@code chance}; -1 if there is none.
     *
     * @param z how many standard deviations one in {@code chance} strays
     */
    static long few(long tries, double share, double chance, double z) {
        double none = tries * Math.log1p(-share);
        if (none < UNDERFLOW) {
            return Math.max(-1, (long) Math.floor(tries * share - z * Math.sqrt(tries * share * (1 - share))) - 1);
        }
        long hits = 0;
        double probability = Math.exp(none);
        for (double sum = probability; sum <= chance; sum += probability) {
            probability *= (tries - hits) / (hits + 1.0) * share / (1 - share);
            hits++;
        }
        return hits - 1;
    }

    /** The least number that hits exceed with a probability of at most {@code chance}. */
    static long many(long tries, double share, double chance, double z) {
        return share <= 0 ? 0 : tries - 1 - few(tries, 1 - share, chance, z);
    }

    private Binomial() {}
}
