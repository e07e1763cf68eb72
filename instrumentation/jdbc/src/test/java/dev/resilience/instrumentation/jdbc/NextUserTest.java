package dev.resilience.instrumentation.jdbc;

import static dev.resilience.instrumentation.jdbc.Databased.GUARDS;
import static dev.resilience.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/**
 * Statements that are cut, and ten times as many quick ones, on the few connections of one pool: a cancel that came late
 * would hit a quick one. {@code -Dresilience.cuts=1000} for the long run.
 */
class NextUserTest {
    private static final int CUTS = Integer.getInteger("resilience.cuts", 100);
    private static final int QUICK_FOR_EACH = 10;
    private static final int THREADS = 4;
    private static final int CONNECTIONS = 10;

    private final AtomicInteger lost = new AtomicInteger();
    private final AtomicInteger quick = new AtomicInteger();

    @Test
    void isNeverHitByACancelMeantForTheOneBefore() throws Exception {
        GUARDS.reset();
        ExecutorService callers = Executors.newFixedThreadPool(THREADS);
        try (HikariDataSource pool = Databased.pool(Databased.postgres(), THREADS - 1)) {
            long begun = System.nanoTime();
            List<Future<?>> running = new ArrayList<>();
            for (int caller = 0; caller < THREADS; caller++) {
                Random random = new Random(caller);
                running.add(callers.submit(() -> {
                    call(pool, random);
                    return null;
                }));
            }
            for (Future<?> each : running) {
                each.get();
            }
            System.out.printf(
                    "next user, Java %d: %d cut, %d quick, 0 of these hit, %d connections lost, %d ms%n",
                    Runtime.version().feature(),
                    GUARDS.expired.size(),
                    quick.get(),
                    lost.get(),
                    StatementContract.millisSince(begun));
        } finally {
            callers.shutdownNow();
        }
        nothingIsLeft();
        fewAreLost();
        assertThat(GUARDS.expired).hasSize(CUTS / THREADS * THREADS);
        assertThat(quick).hasValue(CUTS / THREADS * THREADS * QUICK_FOR_EACH);
    }

    /** Each takes about its deadline, so that its end and its cancel meet, and a quick one follows it. */
    @Test
    void isNeverHitByACancelThatMetTheEndOfTheOneBefore() throws Exception {
        GUARDS.reset();
        AtomicInteger inTime = new AtomicInteger();
        ExecutorService callers = Executors.newFixedThreadPool(THREADS);
        try (HikariDataSource pool = Databased.pool(Databased.postgres(), THREADS)) {
            List<Future<?>> running = new ArrayList<>();
            for (int caller = 0; caller < THREADS; caller++) {
                Random random = new Random(caller);
                running.add(callers.submit(() -> {
                    for (int i = 0; i < CUTS / THREADS; i++) {
                        inTime.addAndGet(isInTime(pool, 0.050 + 0.014 * random.nextDouble()) ? 1 : 0);
                        ask(pool, random.nextInt());
                    }
                    return null;
                }));
            }
            for (Future<?> each : running) {
                each.get();
            }
        } finally {
            callers.shutdownNow();
        }
        nothingIsLeft();
        fewAreLost();
        System.out.printf(
                "next user, Java %d: %d in time, %d cut, %d connections lost%n",
                Runtime.version().feature(), inTime.get(), GUARDS.expired.size(), lost.get());
        assertThat(GUARDS.expired.size() + inTime.get()).isEqualTo(CUTS / THREADS * THREADS);
        assertThat(GUARDS.expired).isNotEmpty();
        assertThat(inTime).hasPositiveValue();
    }

    /** Where cancels are lost the connection ends a statement, which may be over by itself in that instant. */
    @Test
    void neverGetsAConnectionThatWasClosedBehindItsDriver() throws Exception {
        GUARDS.reset();
        Random random = new Random(1);
        int inTime = 0;
        int closed = 0;
        int cut = 0;
        for (int round = 0; round < CUTS / CONNECTIONS; round++) {
            try (TcpProxy proxy = new TcpProxy(Databased.postgresPort())) {
                String url = Databased.postgres(proxy.port());
                List<Connection> connections = new ArrayList<>();
                for (int i = 0; i < CONNECTIONS; i++) {
                    connections.add(DriverManager.getConnection(url));
                }
                for (int i = 0; i < Openings.LOST; i++) {
                    Patience.openings(url).lost(i, i);
                }
                proxy.goDeaf();
                for (Connection connection : connections) {
                    if (!isInTime(connection, 0.056 + 0.006 * random.nextDouble())) {
                        cut++;
                    } else if (connection.isClosed()) {
                        closed++;
                    } else {
                        ask(connection, random.nextInt());
                        inTime++;
                    }
                    connection.close();
                }
            }
        }
        nothingIsLeft();
        System.out.printf(
                "next user, cancels that are lost, Java %d: %d in time, %d of them closed, %d cut%n",
                Runtime.version().feature(), inTime + closed, closed, cut);
        assertThat(inTime).isPositive();
        assertThat(cut).isPositive();
    }

    private void nothingIsLeft() {
        eventually(GUARDS.permits.out()::isEmpty);
        GUARDS.permits.assertAllBack();
        assertThat(GUARDS.spurious).hasValue(0);
        assertThat(GUARDS.faults).isEmpty();
    }

    private void fewAreLost() {
        assertThat(lost).hasValueLessThanOrEqualTo(1 + CUTS / 4); // a busy machine may lose some
    }

    private boolean isInTime(HikariDataSource pool, double seconds) throws SQLException {
        try (Connection connection = pool.getConnection()) {
            return isInTime(connection, seconds);
        }
    }

    private boolean isInTime(Connection connection, double seconds) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            GUARDS.deadlineOfThread.set(60L);
            try {
                return statement.execute("select pg_sleep(" + seconds + ")");
            } catch (SQLException thrown) {
                isCut(thrown);
                return false;
            } finally {
                GUARDS.deadlineOfThread.remove();
            }
        }
    }

    private void isCut(SQLException thrown) {
        assertThat(thrown.getMessage()).contains("deadline_exhausted");
        if ("08006".equals(thrown.getSQLState())) {
            lost.incrementAndGet();
        }
    }

    /** Each run of quick ones comes right after a cut, as often as not on the connection that was cut. */
    private void call(HikariDataSource pool, Random random) throws SQLException {
        for (int cut = 0; cut < CUTS / THREADS; cut++) {
            try (Connection connection = pool.getConnection();
                    Statement statement = connection.createStatement()) {
                GUARDS.deadlineOfThread.set(1L + random.nextInt(10));
                try {
                    statement.execute("select pg_sleep(20)");
                    throw new AssertionError("not cut");
                } catch (SQLException thrown) {
                    isCut(thrown);
                } finally {
                    GUARDS.deadlineOfThread.remove();
                }
            }
            for (int i = 0; i < QUICK_FOR_EACH; i++) {
                ask(pool, random.nextInt());
            }
        }
    }

    private void ask(HikariDataSource pool, int asked) throws SQLException {
        try (Connection connection = pool.getConnection()) {
            ask(connection, asked);
        }
    }

    private void ask(Connection connection, int asked) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet answer = statement.executeQuery("select " + asked)) {
            assertThat(answer.next()).isTrue();
            assertThat(answer.getInt(1)).isEqualTo(asked);
            quick.incrementAndGet();
        }
    }
}
