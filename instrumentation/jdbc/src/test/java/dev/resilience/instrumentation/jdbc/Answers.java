package dev.resilience.instrumentation.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import java.util.concurrent.TimeUnit;

/** How long after its deadline a call was answered; a few times, and more with {@code -Dresilience.samples=50}. */
final class Answers {
    static final int SAMPLES = Integer.getInteger("resilience.samples", 3);

    private final String cell;
    private final long deadlineMillis;
    private final long[] late = new long[SAMPLES];
    private int taken;

    interface Cut {
        void call() throws Exception;
    }

    Answers(String cell, long deadlineMillis) {
        this.cell = cell;
        this.deadlineMillis = deadlineMillis;
    }

    /** Makes a call that its deadline has to cut, and returns what it threw. */
    SQLException take(Cut call) throws Exception {
        long begun = System.nanoTime();
        try {
            call.call();
        } catch (SQLException thrown) {
            late[taken++] = System.nanoTime() - begun - TimeUnit.MILLISECONDS.toNanos(deadlineMillis);
            assertThat(thrown.getMessage()).as("%s", thrown).contains("deadline_exhausted (100)");
            return thrown;
        }
        throw new AssertionError("not cut: " + cell);
    }

    int taken() {
        return taken;
    }

    double medianMillis() {
        return java.util.Arrays.stream(late, 0, taken)
                        .sorted()
                        .skip(taken / 2)
                        .findFirst()
                        .orElseThrow()
                / 1e6;
    }

    double leastMillis() {
        return java.util.Arrays.stream(late, 0, taken).min().orElseThrow() / 1e6;
    }

    /** None early, the median no later than {@code millis}, and none much later, but for a pause of the machine; says what they were. */
    void areWithin(long millis) {
        long[] sorted = java.util.Arrays.copyOf(late, taken);
        java.util.Arrays.sort(sorted);
        System.out.printf(
                "answer - deadline, %s, Java %d, %d calls: p50 %.1f ms, max %.1f ms%n",
                cell, Runtime.version().feature(), taken, sorted[taken / 2] / 1e6, sorted[taken - 1] / 1e6);
        assertThat(sorted[0]).isGreaterThanOrEqualTo(-1_000_000L);
        assertThat(TimeUnit.NANOSECONDS.toMillis(sorted[taken / 2])).isLessThanOrEqualTo(millis);
        assertThat(TimeUnit.NANOSECONDS.toMillis(sorted[taken - 1])).isLessThanOrEqualTo(millis + 3_000);
    }
}
