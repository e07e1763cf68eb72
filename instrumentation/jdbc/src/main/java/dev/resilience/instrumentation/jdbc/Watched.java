package dev.resilience.instrumentation.jdbc;

/**
 * Whether anything is to be known of statements beyond that they are made. In most programs no policy asks for that, and
 * the advice that learns it does nothing.
 */
final class Watched {
    private static volatile boolean any;

    static boolean any() {
        return any;
    }

    /** From the first database on whose statements others may answer. */
    static void begin() {
        any = true;
    }

    private Watched() {}
}
