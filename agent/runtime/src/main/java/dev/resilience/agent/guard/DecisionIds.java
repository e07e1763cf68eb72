package dev.resilience.agent.guard;

import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;

/** Names decisions: sixteen hexadecimal digits, no two alike in one JVM and hardly so in many. */
final class DecisionIds {
    private static final long GOLDEN = 0x9e3779b97f4a7c15L;
    private static final String ZEROS = "0000000000000000";

    private final AtomicLong next = new AtomicLong(ThreadLocalRandom.current().nextLong());

    long next() {
        return scatter(next.getAndAdd(GOLDEN));
    }

    static String text(long id) {
        String digits = Long.toHexString(id);
        return ZEROS.substring(digits.length()) + digits;
    }

    /** A bijection, so that different numbers stay different. */
    private static long scatter(long number) {
        long z = (number ^ (number >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }
}
