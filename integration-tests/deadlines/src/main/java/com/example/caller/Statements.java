package com.example.caller;

import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import org.jspecify.annotations.Nullable;

/** Statements over connections of a HikariCP pool of fixed size. */
final class Statements implements Work {
    private static final int CONNECTIONS = 40;
    private static final long FILLED_WITHIN_NANOS = 60_000_000_000L;

    private final HikariDataSource pool = new HikariDataSource();
    private final Guard guard;

    Statements(String url, Guard guard) throws InterruptedException {
        this.guard = guard;
        pool.setJdbcUrl(url);
        pool.setMaximumPoolSize(CONNECTIONS);
        pool.setInitializationFailTimeout(-1);
        fill();
    }

    /** What is measured is the statement, and not how a pool fills. */
    private void fill() throws InterruptedException {
        long start = System.nanoTime();
        while (pool.getHikariPoolMXBean() == null || pool.getHikariPoolMXBean().getIdleConnections() < CONNECTIONS) {
            if (System.nanoTime() - start > FILLED_WITHIN_NANOS) {
                throw new IllegalStateException("the pool does not fill");
            }
            try (Connection connection = pool.getConnection()) {
                connection.getAutoCommit();
            } catch (SQLException notYet) {
                // its first connection may take longer than a call may
            }
            Thread.sleep(20);
        }
    }

    @Override
    public void call(int number, Calls calls) throws Exception {
        guard.call(() -> execute(number, calls));
    }

    private @Nullable Void execute(int number, Calls calls) throws SQLException {
        try (Connection connection = pool.getConnection();
                Statement statement = connection.createStatement()) {
            calls.connected(number);
            if (!guard.isNothing()) {
                statement.execute(sql(number));
                return null;
            }
            // getting the connection was a call of its own
            calls.begun(number);
            try {
                statement.execute(sql(number));
            } finally {
                calls.ended(number);
            }
            return null;
        }
    }

    private static String sql(int number) {
        return "select pg_sleep(30) /* call " + number + " */";
    }
}
