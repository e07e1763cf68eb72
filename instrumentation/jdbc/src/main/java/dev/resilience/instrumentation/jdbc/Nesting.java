package dev.resilience.instrumentation.jdbc;

/** What this thread is in the middle of, so that one call of the application is decided on once. */
final class Nesting {
    /** Not 0 inside an admitted statement: drivers nest their own execute methods. */
    static final int EXECUTING = 0;

    /** How deep in work whose statements are never guarded: borrowing, testing, ending a connection. */
    static final int KEPT_OUT = 1;

    /** Not 0 inside a getConnection or connect that was decided on: what it opens is part of it. */
    static final int DECIDED = 2;

    /** When the budget of the getConnection under way ends, as nanoTime; meaningful while {@link #HURRIED}. */
    static final int UNTIL = 3;

    /** Not 0 while the getConnection under way has a budget. */
    static final int HURRIED = 4;

    /** Not 0 while another database is asked in place of one: what serves that has no fallback of its own. */
    static final int ASKED = 5;

    // Arrays and strings, no type of ours: threads of the application's pools keep them.
    private static final ThreadLocal<long[]> HERE = ThreadLocal.withInitial(() -> new long[6]);
    private static final ThreadLocal<String> POOL = new ThreadLocal<>();

    static long[] here() {
        return HERE.get();
    }

    /** The name of the pool this thread opens a connection for; null in none. */
    static ThreadLocal<String> pool() {
        return POOL;
    }

    private Nesting() {}
}
