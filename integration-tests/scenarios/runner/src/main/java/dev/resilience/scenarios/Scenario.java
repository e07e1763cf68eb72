package dev.resilience.scenarios;

import dev.resilience.scenarios.Script.Mode;

/** What goes wrong with dependency A, and what the service's author wrote. B is always well. */
enum Scenario {
    S1(
            "S1 hang, client without timeouts",
            "A accepts and never answers. The service has 200 threads, no timeout and no retry.",
            Mode.HANG,
            "200",
            0,
            1,
            200),
    S2(
            "S2 brownout",
            "A takes four times as long. The service has 200 threads, a timeout of 1 s and one retry.",
            Mode.SLOW,
            "200",
            1_000,
            2,
            200),
    /*
     * The rate of A is 5/8 of its capacity, so that one retry of every call is 5/4 of it: the load of the retries alone
     * keeps the dependency down, which is what makes a failure metastable.
     */
    S3(
            "S3 retry storm on virtual threads",
            "A takes four times as long. The service has a thread for each request, a timeout of 1 s and one retry.",
            Mode.SLOW,
            "virtual",
            1_000,
            2,
            250);

    static final int SERVERS = 4;
    static final double MEAN_MILLIS = 10;
    static final double RATE_OF_B = 200;
    private static final double SLOWNESS = 4;

    private final String title;
    private final String text;
    private final Mode mode;
    private final String threads;
    private final int timeoutMillis;
    private final int attempts;
    private final double rateOfA;

    Scenario(String title, String text, Mode mode, String threads, int timeoutMillis, int attempts, double rateOfA) {
        this.title = title;
        this.text = text;
        this.mode = mode;
        this.threads = threads;
        this.timeoutMillis = timeoutMillis;
        this.attempts = attempts;
        this.rateOfA = rateOfA;
    }

    String title() {
        return title;
    }

    String text() {
        return text;
    }

    String threads() {
        return threads;
    }

    int timeoutMillis() {
        return timeoutMillis;
    }

    int attempts() {
        return attempts;
    }

    double rateOfA() {
        return rateOfA;
    }

    /** Answers per second that A can give in the fault. */
    double possible() {
        return mode == Mode.HANG ? 0 : Math.min(rateOfA, capacity() / SLOWNESS);
    }

    static double capacity() {
        return SERVERS * 1000 / MEAN_MILLIS;
    }

    /** The script of A. */
    String script(Timing timing) {
        return "# seconds, mode, factor\n" + timing.faultFrom() / 1e9 + ", " + mode + ", " + SLOWNESS + "\n"
                + timing.faultTo() / 1e9 + ", " + Mode.OK + ", 1\n";
    }
}
