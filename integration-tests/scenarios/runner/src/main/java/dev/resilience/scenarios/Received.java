package dev.resilience.scenarios;

import java.util.Arrays;
import java.util.stream.Collectors;

/** What a stub counted in one run. Not thread-safe. */
final class Received {
    private static final long BIN_NANOS = 100_000_000;
    private static final int FIELDS = 5;

    private int[] bins = new int[64];
    private int used;

    /** Answered to somebody who waited. */
    int answered;

    /** Finished when nobody waited any more. */
    int unwaited;

    /** Hung: never to be answered. */
    int unanswered;

    /** Turned away, the queue being full. */
    int full;

    /** Connections that could not even be closed. */
    int lost;

    /** Counts a call at this time of the run; those before its zero are of the warm-up. */
    void count(long nanos) {
        if (nanos < 0) {
            return;
        }
        int bin = Math.toIntExact(nanos / BIN_NANOS);
        if (bin >= bins.length) {
            bins = Arrays.copyOf(bins, Math.max(bin + 1, bins.length * 2));
        }
        bins[bin]++;
        used = Math.max(used, bin + 1);
    }

    /** Calls between two times of the run, which are multiples of 100 ms. */
    int between(long from, long to) {
        int sum = 0;
        for (int bin = (int) (from / BIN_NANOS); bin < Math.min(used, to / BIN_NANOS); bin++) {
            sum += bins[bin];
        }
        return sum;
    }

    String text() {
        return answered + " " + unwaited + " " + unanswered + " " + full + " " + lost + " "
                + Arrays.stream(bins, 0, used).mapToObj(Integer::toString).collect(Collectors.joining(" "));
    }

    static Received parse(String text) {
        int[] numbers = Arrays.stream(text.trim().split(" "))
                .mapToInt(Integer::parseInt)
                .toArray();
        Received received = new Received();
        received.answered = numbers[0];
        received.unwaited = numbers[1];
        received.unanswered = numbers[2];
        received.full = numbers[3];
        received.lost = numbers[4];
        received.bins = Arrays.copyOfRange(numbers, FIELDS, numbers.length);
        received.used = received.bins.length;
        return received;
    }
}
