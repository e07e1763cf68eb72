package dev.resilience.instrumentation.jdbc;

import java.util.concurrent.Callable;

/** Work of a test itself, which no guard takes part in. */
final class Unguarded {
    static <T> T call(Callable<T> work) {
        long[] here = Nesting.here();
        here[Nesting.KEPT_OUT]++;
        here[Nesting.DECIDED]++;
        try {
            return work.call();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        } finally {
            here[Nesting.KEPT_OUT]--;
            here[Nesting.DECIDED]--;
        }
    }

    private Unguarded() {}
}
