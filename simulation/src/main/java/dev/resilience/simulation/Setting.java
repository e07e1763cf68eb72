package dev.resilience.simulation;

/**
 * A service and its two dependencies, which are alike but for the faults.
 *
 * @param rate requests per second for each of the two
 * @param servers how many calls a dependency works on at once
 * @param serviceNanos mean service time
 * @param sigma of the log-normal law
 * @param places of a dependency's queue
 * @param threads of the service; each is with one request until it has ended
 * @param backlog requests that may wait for a thread
 */
record Setting(
        String name, double rate, int servers, long serviceNanos, double sigma, int places, int threads, int backlog) {

    private static final long MILLIS = 1_000_000;

    static final Setting MEDIUM = of("1000 rps", 1000, 16, 10 * MILLIS, 200);
    static final Setting LARGE = of("5000 rps", 5000, 80, 10 * MILLIS, 10_000);
    static final Setting SMALL = of("300 rps", 300, 24, 50 * MILLIS, 200);
    static final Setting TINY = of("20 rps", 20, 4, 100 * MILLIS, 200);

    /** With hardly any room for more. */
    static final Setting TIGHT = of("1000 rps, 1100 at most", 1000, 11, 10 * MILLIS, 10_000);

    static Setting of(String name, double rate, int servers, long serviceNanos, int threads) {
        return new Setting(name, rate, servers, serviceNanos, 0.5, 2000, threads, 1000);
    }

    /** Calls per second that it can answer when nothing is wrong. */
    double capacity() {
        return servers * 1e9 / serviceNanos;
    }
}
