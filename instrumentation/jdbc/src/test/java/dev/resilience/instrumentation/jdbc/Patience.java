package dev.resilience.instrumentation.jdbc;

/** What is known of the databases of the one weaving that all tests share. */
final class Patience {
    static Openings openings(String url) {
        return JdbcAdapter.shared().databases().of(url, null).openings();
    }

    /** The next cancels there have the most that any has to come back, so that no pause of the machine costs a connection. */
    static void with(String url) {
        openings(url).cancelled(StatementCall.GRACE_NANOS / 2);
    }

    private Patience() {}
}
