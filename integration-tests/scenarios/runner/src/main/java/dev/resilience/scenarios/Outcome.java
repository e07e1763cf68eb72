package dev.resilience.scenarios;

/**
 * What became of one request.
 *
 * @param page {@code a} or {@code b}
 * @param intendedNanos when it should have been sent, on the clock of the run
 * @param lagNanos how much later it was sent
 * @param status of the answer; {@link #BROKEN} when the connection broke, {@link #OPEN} when there was none at the end
 * @param latencyNanos from the intended time; of an open one, until the end
 */
record Outcome(char page, long intendedNanos, long lagNanos, int status, long latencyNanos) {
    static final int BROKEN = 0;
    static final int OPEN = -1;

    boolean good(long withinNanos) {
        return status == 200 && latencyNanos <= withinNanos;
    }

    String text() {
        return page + " " + intendedNanos + " " + lagNanos + " " + status + " " + latencyNanos;
    }

    static Outcome parse(String line) {
        String[] words = line.split(" ", -1);
        return new Outcome(
                words[0].charAt(0),
                Long.parseLong(words[1]),
                Long.parseLong(words[2]),
                Integer.parseInt(words[3]),
                Long.parseLong(words[4]));
    }
}
