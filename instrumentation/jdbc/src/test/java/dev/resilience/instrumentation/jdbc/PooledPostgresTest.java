package dev.resilience.instrumentation.jdbc;

import static dev.resilience.instrumentation.jdbc.Databased.GUARDS;
import static dev.resilience.instrumentation.jdbc.StatementContract.assertThrown;
import static dev.resilience.instrumentation.jdbc.StatementContract.failure;
import static dev.resilience.instrumentation.jdbc.StatementContract.millisSince;
import static dev.resilience.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.sql.SQLTransientException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** An unchanged application: HikariCP over pgjdbc over a real server. */
class PooledPostgresTest {
    private static final AtomicInteger TESTS = new AtomicInteger();

    private final String application = "shop" + TESTS.incrementAndGet();
    private HikariDataSource pool;

    @SuppressWarnings("NullAway.Init")
    PooledPostgresTest() {}

    @BeforeEach
    void opens() throws SQLException {
        assertThat(Databased.WOVEN.warnings()).isEmpty();
        GUARDS.reset();
        pool = Databased.pool(Databased.postgres() + "&ApplicationName=" + application, 3);
        fill();
        GUARDS.endings.clear();
    }

    @AfterEach
    void everyPermitIsBack() {
        pool.close();
        // a pool replaces a connection that was cut in a thread of its own, which may still be at it
        eventually(GUARDS.permits.out()::isEmpty);
        GUARDS.permits.assertAllBack();
        assertThat(GUARDS.spurious).hasValue(0);
        assertThat(GUARDS.faults).isEmpty();
    }

    @Test
    void knowsTheDatabaseAndThePoolEverywhere() {
        assertThat(GUARDS.lookups)
                .isNotEmpty()
                .allMatch(("jdbc:postgresql://127.0.0.1:" + Databased.postgresPort() + "/postgres shop")::equals);
    }

    @Test
    void borrowingIsNoAnswerOfTheDatabaseAndQueryingIs() throws SQLException {
        query("select 1");
        assertThat(GUARDS.tokens()).containsExactly("cancelled", "ok");
    }

    @Nested
    class WhileOpen {
        @Test
        void refusesBeforeBorrowingAndKeepsThePoolWhole() throws Exception {
            String before = backends();
            GUARDS.open = true;
            for (int i = 0; i < 20; i++) {
                SQLException thrown = failure(() -> pool.getConnection());
                assertThrown(thrown).isInstanceOf(SQLTransientConnectionException.class);
                assertThat(thrown.getSQLState()).isEqualTo("RS001");
            }
            GUARDS.open = false;
            assertThat(pool.getHikariPoolMXBean().getTotalConnections()).isEqualTo(3);
            assertThat(backends()).isEqualTo(before);
        }

        @Test
        void aRefusedStatementCostsNoConnection() throws Exception {
            String before = backends();
            try (Connection connection = pool.getConnection();
                    Statement statement = connection.createStatement()) {
                GUARDS.open = true;
                for (int i = 0; i < 20; i++) {
                    assertThat(failure(() -> statement.execute("select 1")).getSQLState())
                            .isEqualTo("RS001");
                }
                GUARDS.open = false;
                statement.execute("select 1");
            }
            assertThat(backends()).isEqualTo(before);
        }

        @Test
        void noPacketReachesTheServer() throws Exception {
            try (TcpProxy proxy = new TcpProxy(Databased.postgresPort());
                    HikariDataSource through = Databased.pool(Databased.postgres(proxy.port()), 1);
                    Connection connection = through.getConnection();
                    Statement statement = connection.createStatement();
                    PreparedStatement prepared = connection.prepareStatement("select 1")) {
                prepared.execute();
                long bytes = proxy.bytesToServer.get();
                GUARDS.open = true;
                for (int i = 0; i < 50; i++) {
                    failure(() -> statement.execute("select 1"));
                    failure(prepared::executeQuery);
                    failure(() -> through.getConnection());
                    failure(() -> DriverManager.getConnection(Databased.postgres(proxy.port())));
                }
                assertThat(proxy.bytesToServer).hasValue(bytes);
                assertThat(proxy.connects).hasValue(1);
                GUARDS.open = false;
            }
        }

        @Test
        void testsOfThePoolGoThroughAndDropNothing() throws Exception {
            HikariConfig config = new HikariConfig();
            config.setJdbcUrl(Databased.postgres());
            config.setPoolName("tested");
            config.setMaximumPoolSize(1);
            config.setConnectionTestQuery("select 1");
            config.setConnectionInitSql("set application_name = 'initialised'");
            try (HikariDataSource tested = new HikariDataSource(config)) {
                try (Connection connection = tested.getConnection();
                        Statement statement = connection.createStatement();
                        ResultSet result = statement.executeQuery("show application_name")) {
                    result.next();
                    assertThat(result.getString(1)).isEqualTo("initialised");
                }
                GUARDS.endings.clear();
                TimeUnit.MILLISECONDS.sleep(600); // beyond the half second in which HikariCP does not test
                tested.getConnection().close();
                assertThat(GUARDS.tokens()).containsExactly("cancelled");
            }
        }
    }

    @Nested
    class WhenTheDeadlinePasses {
        @BeforeEach
        void arms() {
            Patience.with(Databased.postgres());
            GUARDS.deadlineMillis = 300;
        }

        @Test
        void thePoolKeepsACutConnection() throws Exception {
            String before = backends();
            int lost = 0;
            for (int i = 0; i < 5; i++) {
                long begun = System.nanoTime();
                SQLException thrown = failure(() -> query("select pg_sleep(20)"));
                assertThat(millisSince(begun)).isBetween(299L, 3_300L);
                assertThrown(thrown).isInstanceOf(SQLTransientException.class);
                assertThat(thrown.getSQLState()).isIn("57014", "08006");
                lost += thrown.getSQLState().equals("08006") ? 1 : 0;
                GUARDS.deadlineMillis = 0;
                query("select 1");
                GUARDS.deadlineMillis = 300;
            }
            assertThat(lost).isLessThanOrEqualTo(2); // a busy machine may be late to cancel, and loses some
            if (lost == 0) {
                assertThat(backends()).isEqualTo(before);
            }
        }

        @Test
        void aWaitForALockIsCut() throws Exception {
            GUARDS.deadlineMillis = 0;
            query("create table if not exists ledger (id int)");
            GUARDS.deadlineMillis = 300;
            try (Connection holder = pool.getConnection();
                    Statement locking = holder.createStatement()) {
                holder.setAutoCommit(false);
                locking.execute("lock table ledger in access exclusive mode");
                SQLException thrown = failure(() -> query("select count(*) from ledger"));
                assertThat(thrown.getSQLState()).isEqualTo("57014");
                holder.rollback();
            }
            query("select count(*) from ledger");
        }

        @Test
        void aTransactionCutShortCanBeRolledBackAndUsedAgain() throws Exception {
            try (Connection connection = pool.getConnection();
                    Statement statement = connection.createStatement()) {
                connection.setAutoCommit(false);
                failure(() -> statement.execute("select pg_sleep(20)"));
                assertThat(failure(() -> statement.execute("select 1")).getSQLState())
                        .isEqualTo("25P02");
                connection.rollback();
                statement.execute("select 1");
                connection.commit();
            }
        }

        @Test
        void aStoppedBackendCostsItsConnectionAndNothingElse() throws Exception {
            long stopped;
            try (Connection connection = pool.getConnection();
                    Statement statement = connection.createStatement();
                    ResultSet pid = statement.executeQuery("select pg_backend_pid()")) {
                pid.next();
                stopped = pid.getLong(1);
            }
            kill("-STOP", stopped);
            try {
                long begun = System.nanoTime();
                SQLException thrown = failure(() -> {
                    for (int i = 0; i < 3; i++) {
                        query("select 1");
                    }
                });
                assertThat(millisSince(begun)).isBetween(299L, 5_000L);
                assertThat(thrown.getSQLState()).isEqualTo("08006");
                assertThrown(thrown).hasMessageContaining("deadline_exhausted");
                for (int i = 0; i < 10; i++) {
                    query("select 1");
                }
            } finally {
                kill("-CONT", stopped);
            }
        }

        @Test
        void aPoolWithoutConnectionsIsNotWaitedForLonger() throws Exception {
            List<Connection> all = List.of(pool.getConnection(), pool.getConnection(), pool.getConnection());
            GUARDS.endings.clear();
            long begun = System.nanoTime();
            SQLException thrown = failure(() -> pool.getConnection());
            assertThat(millisSince(begun)).isBetween(299L, 3_300L);
            assertThrown(thrown).isInstanceOf(SQLTransientConnectionException.class);
            assertThat(GUARDS.expired).containsExactly(thrown);
            assertThat(GUARDS.endings).isEmpty();
            for (Connection connection : all) {
                connection.close();
            }
        }

        @Test
        void aNetworkThatSwallowsPacketsIsNotWaitedForLong() throws Exception {
            try (TcpProxy proxy = new TcpProxy(Databased.postgresPort());
                    HikariDataSource through = Databased.pool(Databased.postgres(proxy.port()), 1);
                    Connection connection = through.getConnection();
                    Statement statement = connection.createStatement()) {
                statement.execute("select 1");
                proxy.swallowing = true;
                long begun = System.nanoTime();
                SQLException thrown = failure(() -> statement.execute("select 1"));
                long took = millisSince(begun);
                System.out.println(
                        "black hole: " + took + " ms on " + Runtime.version().feature());
                assertThat(thrown.getSQLState()).isEqualTo("08006");
                assertThat(took).isBetween(299L, 3_000L);
                proxy.cut(); // or the pool, when it is closed, waits for the connection that is to replace this one
            }
        }
    }

    @Nested
    class WhenTheServerIsGone {
        @Test
        void aRefusedConnectIsAFaultCountedOnce() throws IOException {
            int nobody = unusedPort();
            SQLException thrown = failure(() -> DriverManager.getConnection(Databased.postgres(nobody)));
            assertThat(thrown.getSQLState()).isEqualTo("08001");
            assertThat(GUARDS.endings).singleElement().satisfies(ending -> {
                assertThat(ending.token()).isEqualTo("08001");
                assertThat(ending.answered()).isFalse();
            });
        }

        @Test
        void aProbeMayOpenTheConnectionItNeeds() throws Exception {
            try (HikariDataSource empty = new HikariDataSource()) {
                empty.setJdbcUrl(Databased.postgres());
                empty.setPoolName("empty");
                empty.setInitializationFailTimeout(-1);
                empty.setMaximumPoolSize(1);
                empty.setConnectionTimeout(2_000);
                GUARDS.open = true;
                failure(() -> empty.getConnection());
                GUARDS.open = false;
                GUARDS.places = 1;
                try (Connection connection = empty.getConnection()) {
                    assertThat(connection.isValid(1)).isTrue();
                }
            }
        }
    }

    private String backends() throws SQLException {
        return Databased.unguarded("select string_agg(pid::text, ',' order by pid) from pg_stat_activity"
                + " where application_name = '" + application + "'");
    }

    /** The pool opens its connections in the background: holding all of them waits for that. */
    private void fill() throws SQLException {
        List<Connection> borrowed = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            borrowed.add(pool.getConnection());
        }
        for (Connection connection : borrowed) {
            connection.close();
        }
    }

    private void query(String sql) throws SQLException {
        try (Connection connection = pool.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static int unusedPort() throws IOException {
        try (ServerSocket closing = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return closing.getLocalPort();
        }
    }

    private static void kill(String signal, long pid) throws IOException, InterruptedException {
        assertThat(new ProcessBuilder("kill", signal, Long.toString(pid))
                        .start()
                        .waitFor())
                .isZero();
    }
}
