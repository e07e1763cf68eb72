package dev.resilience.benchmarks;

import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/** What a guard is made of: nothing at all, clocks, counters, exceptions. */
final class FloorRows {
    /** What every other row is compared with. */
    static final String TWO_CLOCKS = "two System.nanoTime";

    static final Group GROUP = new Group(
            "The floor: what a guard is made of",
            List.of(
                    Row.of("nothing", () -> () -> 1),
                    Row.of("one System.nanoTime", () -> () -> System.nanoTime() == 0),
                    Row.of(TWO_CLOCKS, () -> () -> {
                        long start = System.nanoTime();
                        return System.nanoTime() - start < 0;
                    }),
                    Row.of("AtomicLong.getAndIncrement", () -> {
                        AtomicLong counter = new AtomicLong();
                        return () -> counter.getAndIncrement() < 0;
                    }),
                    Row.of("LongAdder.increment", () -> {
                        LongAdder counter = new LongAdder();
                        return () -> {
                            counter.increment();
                            return 1;
                        };
                    }),
                    Row.alone("new exception with a stack trace, thrown and caught", () -> () -> thrown(true)),
                    Row.alone("new exception without one, thrown and caught", () -> () -> thrown(false))));

    private static final class Thrown extends Exception {
        Thrown(boolean withStack) {
            super("refused", null, false, withStack);
        }
    }

    private static Exception thrown(boolean withStack) {
        try {
            throw new Thrown(withStack);
        } catch (Thrown e) {
            return e;
        }
    }

    private FloorRows() {}
}
