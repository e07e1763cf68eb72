package dev.resilience.instrumentation.jdbc;

import static dev.resilience.instrumentation.jdbc.Databased.GUARDS;
import static dev.resilience.instrumentation.jdbc.StatementContract.assertThrown;
import static dev.resilience.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.sql.SQLTransientException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import org.h2.tools.Server;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** Every phase of a JDBC call that can hang, and how long after its deadline the caller has an answer. */
class DeadlineCellsTest {
    private static final long DEADLINE = 200;

    /** What a busy machine may add, and less than a driver's own second; the figures are printed. */
    private static final long SLACK = 900;

    /** HikariCP sleeps for a second before it says that its first connection failed. */
    private static final long FIRST = 2_000;

    @BeforeEach
    void starts() {
        assertThat(Databased.WOVEN.warnings()).isEmpty();
        eventually(GUARDS.permits.out()::isEmpty);
        GUARDS.reset();
    }

    @AfterEach
    void everyPermitIsBack() {
        GUARDS.deadlineMillis = 0;
        eventually(GUARDS.permits.out()::isEmpty);
        GUARDS.permits.assertAllBack();
        assertThat(GUARDS.spurious).hasValue(0);
        assertThat(GUARDS.faults).isEmpty();
    }

    @Nested
    class Connecting {
        @Test
        void postgresThroughANetworkThatLosesEveryPacket() throws Exception {
            isCutWhileConnecting("pgjdbc connect, TCP", Databased.postgresPort(), Databased::postgres, this::goDeaf);
        }

        @Test
        void mariaDbThroughANetworkThatLosesEveryPacket() throws Exception {
            isCutWhileConnecting("MariaDB connect, TCP", MariaDb.port(), MariaDb::url, this::goDeaf);
        }

        @Test
        void postgresWhoseNameNeverResolves() throws Exception {
            String url = Databased.postgres().replace("127.0.0.1", "localhost");
            teach(url);
            Answers answers = new Answers("pgjdbc connect, name", DEADLINE);
            GUARDS.deadlineMillis = DEADLINE;
            GUARDS.unresolving = true;
            for (int i = 0; i < Answers.SAMPLES; i++) {
                assertThat(answers.take(() -> DriverManager.getConnection(url)).getSQLState())
                        .isEqualTo("08001");
            }
            assertThat(GUARDS.expired).hasSize(Answers.SAMPLES);
            assertThat(Nesting.here()[Nesting.DECIDED]).isZero();
            answers.areWithin(SLACK);
            GUARDS.reset();
            DriverManager.getConnection(url).close();
        }

        /** On the caller's thread, within his wait for the pool. */
        @Test
        void aPoolsFirstConnectionWhoseNameNeverResolves() throws Exception {
            String url = Databased.postgres().replace("127.0.0.1", "localhost");
            teach(url);
            Answers answers = new Answers("HikariCP's first connection, name", DEADLINE);
            GUARDS.unresolving = true;
            borrowFirst(answers, url);
            assertThat(Nesting.here()[Nesting.DECIDED]).isZero();
            answers.areWithin(FIRST + SLACK);
        }

        @Test
        void postgresThatSaysNothing() throws Exception {
            isCutWhileConnecting("pgjdbc connect, mute", Databased.postgresPort(), Databased::postgres, greeting(""));
        }

        @Test
        void postgresWhoseTlsHandshakeStalls() throws Exception {
            isCutWhileConnecting("pgjdbc connect, TLS", Databased.postgresPort(), Databased::postgres, greeting("S"));
        }

        @Test
        void postgresThatIsSilentAfterTheStartup() throws Exception {
            isCutWhileConnecting(
                    "pgjdbc connect, startup", Databased.postgresPort(), Databased::postgres, greeting("N"));
        }

        @Test
        void mariaDbThatSaysNothing() throws Exception {
            isCutWhileConnecting("MariaDB connect, mute", MariaDb.port(), MariaDb::url, greeting(""));
        }

        @Test
        void mySqlThatSaysNothing() throws Exception {
            isCutWhileConnecting("MySQL connect, mute", MariaDb.port(), DeadlineCellsTest::mySql, greeting(""));
        }

        @Test
        void h2ServerThatSaysNothing() throws Exception {
            Server server =
                    Server.createTcpServer("-tcpPort", "0", "-ifNotExists").start();
            try {
                isCutWhileConnecting("H2 connect, mute", server.getPort(), DeadlineCellsTest::h2, greeting(""));
            } finally {
                server.stop();
            }
        }

        @Test
        void aPoolsFirstConnectionOnTheCallersThread() throws Exception {
            Answers answers = new Answers("HikariCP's first connection, mute", DEADLINE);
            try (TcpProxy proxy = new TcpProxy(Databased.postgresPort())) {
                String url = Databased.postgres(proxy.port());
                teach(url);
                proxy.swallowing = true;
                borrowFirst(answers, url);
            }
            answers.areWithin(FIRST + SLACK);
        }

        /** Each of a pool that opens it on the caller's thread. */
        private void borrowFirst(Answers answers, String url) throws Exception {
            for (int i = 0; i < Answers.SAMPLES; i++) {
                try (HikariDataSource lazy = new HikariDataSource()) {
                    lazy.setJdbcUrl(url);
                    GUARDS.deadlineMillis = DEADLINE;
                    SQLException thrown = answers.take(lazy::getConnection);
                    GUARDS.deadlineMillis = 0;
                    assertThrown(thrown).isInstanceOf(SQLTransientConnectionException.class);
                }
            }
        }

        /** Of a pool that has connections, tests one, and hangs in that. */
        @Test
        void aPoolsTestOfAConnection() throws Exception {
            Answers answers = new Answers("HikariCP's test of a connection, black hole", DEADLINE);
            for (int i = 0; i < Answers.SAMPLES; i++) {
                try (TcpProxy proxy = new TcpProxy(Databased.postgresPort());
                        HikariDataSource pool = Databased.pool(Databased.postgres(proxy.port()), 1)) {
                    teach(pool.getJdbcUrl());
                    pool.getConnection().close();
                    TimeUnit.MILLISECONDS.sleep(550); // HikariCP tests after half a second
                    proxy.swallowing = true;
                    GUARDS.deadlineMillis = DEADLINE;
                    SQLException thrown = answers.take(pool::getConnection);
                    GUARDS.deadlineMillis = 0;
                    assertThat(thrown.getSQLState()).isEqualTo("08001");
                    proxy.cut();
                }
            }
            answers.areWithin(SLACK);
        }

        /** Nobody knows yet how long it takes, and the driver has to be loaded too. */
        @Test
        @EnabledIfSystemProperty(named = "resilience.soak", matches = "true")
        void theFirstToADatabaseHasFiveSeconds() throws Exception {
            Answers answers = new Answers("pgjdbc connect, first of all, mute", 5_000);
            for (int i = 0; i < Answers.SAMPLES; i++) {
                try (TcpProxy proxy = new TcpProxy(Databased.postgresPort())) {
                    proxy.swallowing = true;
                    GUARDS.deadlineMillis = DEADLINE;
                    answers.take(() -> DriverManager.getConnection(Databased.postgres(proxy.port())));
                }
            }
            answers.areWithin(SLACK);
        }

        private void isCutWhileConnecting(String cell, int port, IntFunction<String> url, Stage stage)
                throws Exception {
            Answers answers = new Answers(cell, DEADLINE);
            try (TcpProxy proxy = new TcpProxy(port)) {
                String through = url.apply(proxy.port());
                teach(through);
                stage.set(proxy);
                GUARDS.deadlineMillis = DEADLINE;
                StatementContract.failure(() -> DriverManager.getConnection(through)); // loads TLS, where that is meant
                GUARDS.expired.clear();
                for (int i = 0; i < Answers.SAMPLES; i++) {
                    SQLException thrown = answers.take(() -> DriverManager.getConnection(through));
                    assertThrown(thrown)
                            .isExactlyInstanceOf(SQLTransientConnectionException.class)
                            .hasCauseInstanceOf(SQLException.class);
                    assertThat(thrown.getSQLState()).isEqualTo("08001");
                    assertThat(GUARDS.expired).contains(thrown.getCause());
                    assertThat(Thread.interrupted()).isFalse();
                }
                GUARDS.deadlineMillis = 0;
            }
            assertThat(GUARDS.expired).hasSize(Answers.SAMPLES);
            answers.areWithin(SLACK);
        }

        private void goDeaf(TcpProxy proxy) throws IOException {
            proxy.goDeaf();
        }

        private Stage greeting(String greeting) {
            return proxy -> {
                proxy.greeting = greeting;
                proxy.swallowing = true;
            };
        }
    }

    @Nested
    class Executing {
        @Test
        void postgresThroughABlackHole() throws Exception {
            blackHole("pgjdbc execute, black hole", Databased.postgresPort(), Databased::postgres);
        }

        /** Three have their time to come back; those after them are not waited for, until one does come back. */
        @Test
        void postgresWhoseCancelsAreLost() throws Exception {
            try (TcpProxy proxy = new TcpProxy(Databased.postgresPort())) {
                String url = Databased.postgres(proxy.port());
                teach(url);
                Patience.with(url);
                Answers first = new Answers("pgjdbc execute, the first cancels that are lost", DEADLINE);
                Answers later = new Answers("pgjdbc execute, cancels after those that were lost", DEADLINE);
                List<Connection> connections = new ArrayList<>();
                try {
                    for (int i = 0; i < Openings.LOST + Answers.SAMPLES; i++) {
                        connections.add(DriverManager.getConnection(url));
                    }
                    proxy.swallowing = true;
                    for (Connection connection : connections) {
                        Answers answers = first.taken() < Openings.LOST ? first : later;
                        assertThat(cut(connection, "select 1", answers).getSQLState())
                                .isEqualTo("08006");
                    }
                } finally {
                    for (Connection connection : connections) {
                        connection.close();
                    }
                }
                first.areWithin(SLACK);
                later.areWithin(SLACK);
                assertThat(first.leastMillis()).as("had its time").isGreaterThanOrEqualTo(240);
                assertThat(later.medianMillis()).as("had not").isLessThan(37);

                Semaphore unawaited = Patience.openings(url).unawaited();
                assertThat(eventually(() -> unawaited.availablePermits() == Openings.UNAWAITED))
                        .isTrue();
                proxy.swallowing = false;
                String sleep = "select pg_sleep(20) /* cancelled, but nobody waits for that */";
                long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
                List<String> states = new ArrayList<>();
                while (!states.contains("57014") && System.nanoTime() - until < 0) {
                    try (Connection connection = DriverManager.getConnection(url)) {
                        states.add(cut(connection, sleep, new Answers("again", DEADLINE))
                                .getSQLState());
                    }
                    long slept = System.nanoTime();
                    assertThat(eventually(() -> Databased.isNoneAsleep(sleep))).isTrue();
                    assertThat(System.nanoTime() - slept).isLessThan(TimeUnit.SECONDS.toNanos(10));
                }
                assertThat(states).startsWith("08006").endsWith("57014");
                assertThat(Patience.openings(url).areLost()).isFalse();
            }
        }

        private SQLException cut(Connection connection, String sql, Answers answers) throws Exception {
            try (Statement statement = connection.createStatement()) {
                GUARDS.deadlineMillis = DEADLINE;
                return answers.take(() -> statement.execute(sql));
            } finally {
                GUARDS.deadlineMillis = 0;
            }
        }

        @Test
        void mariaDbThroughABlackHole() throws Exception {
            blackHole("MariaDB execute, black hole", MariaDb.port(), MariaDb::url);
        }

        @Test
        void mySqlThroughABlackHole() throws Exception {
            blackHole("MySQL execute, black hole", MariaDb.port(), DeadlineCellsTest::mySql);
        }

        @Test
        void h2ThroughABlackHole() throws Exception {
            Server server =
                    Server.createTcpServer("-tcpPort", "0", "-ifNotExists").start();
            try {
                blackHole("H2 execute, black hole", server.getPort(), DeadlineCellsTest::h2);
            } finally {
                server.stop();
            }
        }

        @Test
        void postgresThatIsSlow() throws Exception {
            slow("pgjdbc execute, slow", Databased.postgres(), "select pg_sleep(20)", "57014");
        }

        @Test
        void mariaDbThatIsSlow() throws Exception {
            slow(
                    "MariaDB execute, slow",
                    MariaDb.url(MariaDb.port()),
                    "select count(*) from seq_1_to_1000000000 where sleep(1) = 1",
                    "70100");
        }

        @Test
        void postgresThatWaitsForALock() throws Exception {
            try (Connection holder = DriverManager.getConnection(Databased.postgres());
                    Statement locking = holder.createStatement()) {
                locking.execute("create table if not exists held (id int)");
                holder.setAutoCommit(false);
                locking.execute("lock table held in access exclusive mode");
                slow("pgjdbc execute, lock wait", Databased.postgres(), "select count(*) from held", "57014");
                holder.rollback();
            }
        }

        @Test
        void aBatchOfPostgres() throws Exception {
            Answers answers = new Answers("pgjdbc executeBatch, slow", DEADLINE);
            try (Connection connection = DriverManager.getConnection(Databased.postgres());
                    Statement statement = connection.createStatement()) {
                statement.execute("create table if not exists batched (id text)");
                GUARDS.deadlineMillis = DEADLINE;
                for (int i = 0; i < Answers.SAMPLES; i++) {
                    Patience.with(Databased.postgres());
                    statement.addBatch("insert into batched values ('one')");
                    statement.addBatch("insert into batched select pg_sleep(20)");
                    assertThrown(answers.take(statement::executeBatch))
                            .isInstanceOf(java.sql.BatchUpdateException.class);
                }
                GUARDS.deadlineMillis = 0;
            }
            answers.areWithin(SLACK);
        }

        private void slow(String cell, String url, String sql, String state) throws Exception {
            Answers answers = new Answers(cell, DEADLINE);
            try (Connection connection = DriverManager.getConnection(url);
                    Statement statement = connection.createStatement()) {
                GUARDS.deadlineMillis = DEADLINE;
                for (int i = 0; i < Answers.SAMPLES; i++) {
                    Patience.with(url);
                    SQLException thrown = answers.take(() -> statement.executeQuery(sql));
                    assertThrown(thrown).isExactlyInstanceOf(SQLTransientException.class);
                    assertThat(thrown.getSQLState()).isEqualTo(state);
                }
                GUARDS.deadlineMillis = 0;
                statement.execute("select 1");
            }
            answers.areWithin(SLACK);
        }

        private boolean isClosed(Connection connection) {
            try {
                return connection.isClosed();
            } catch (SQLException e) {
                throw new IllegalStateException(e);
            }
        }

        private void blackHole(String cell, int port, IntFunction<String> url) throws Exception {
            Answers answers = new Answers(cell, DEADLINE);
            for (int i = 0; i < Answers.SAMPLES; i++) {
                try (TcpProxy proxy = new TcpProxy(port)) {
                    teach(url.apply(proxy.port()));
                    try (Connection connection = DriverManager.getConnection(url.apply(proxy.port()));
                            Statement statement = connection.createStatement()) {
                        statement.execute("select 1");
                        proxy.swallowing = true;
                        GUARDS.deadlineMillis = DEADLINE;
                        SQLException thrown = answers.take(() -> statement.execute("select 1"));
                        GUARDS.deadlineMillis = 0;
                        assertThrown(thrown).isExactlyInstanceOf(SQLTransientConnectionException.class);
                        assertThat(thrown.getSQLState()).isEqualTo("08006");
                        assertThat(eventually(() -> isClosed(connection))).isTrue();
                        proxy.cut();
                    }
                }
            }
            answers.areWithin(SLACK);
        }
    }

    @Nested
    class Fetching {
        private static final String SLOW_ROWS =
                "select case when i % 25 = 0 then pg_sleep(20)::text else 'x' end from generate_series(1, 50) i";

        @Test
        void postgresWhoseRowsStopComing() throws Exception {
            Answers answers = new Answers("pgjdbc next, slow", DEADLINE);
            try (Connection connection = DriverManager.getConnection(Databased.postgres());
                    Statement statement = connection.createStatement()) {
                connection.setAutoCommit(false);
                statement.setFetchSize(10);
                for (int i = 0; i < Answers.SAMPLES; i++) {
                    try (ResultSet rows = statement.executeQuery(SLOW_ROWS)) {
                        for (int row = 0; row < 20; row++) {
                            assertThat(rows.next()).isTrue();
                        }
                        Patience.with(Databased.postgres());
                        GUARDS.deadlineMillis = DEADLINE;
                        SQLException thrown = answers.take(rows::next);
                        assertThrown(thrown).isExactlyInstanceOf(SQLTransientException.class);
                        assertThat(thrown.getSQLState()).isEqualTo("57014");
                        GUARDS.deadlineMillis = 0;
                    }
                    connection.rollback();
                }
            }
            assertThat(GUARDS.expired).hasSize(Answers.SAMPLES);
            answers.areWithin(SLACK);
        }

        @Test
        void postgresThroughABlackHole() throws Exception {
            Answers answers = new Answers("pgjdbc next, black hole", DEADLINE);
            for (int i = 0; i < Answers.SAMPLES; i++) {
                try (TcpProxy proxy = new TcpProxy(Databased.postgresPort());
                        Connection connection = DriverManager.getConnection(Databased.postgres(proxy.port()));
                        Statement statement = connection.createStatement()) {
                    teach(Databased.postgres(proxy.port()));
                    connection.setAutoCommit(false);
                    statement.setFetchSize(10);
                    ResultSet rows = statement.executeQuery("select * from generate_series(1, 50)");
                    for (int row = 0; row < 10; row++) {
                        assertThat(rows.next()).isTrue();
                    }
                    proxy.swallowing = true;
                    GUARDS.deadlineMillis = DEADLINE;
                    assertThat(answers.take(rows::next).getSQLState()).isEqualTo("08006");
                    GUARDS.deadlineMillis = 0;
                    proxy.cut();
                }
            }
            answers.areWithin(SLACK);
        }

        @Test
        void mariaDbWhoseRowsStopComing() throws Exception {
            Answers answers = new Answers("MariaDB next, slow", DEADLINE);
            try (Connection connection = DriverManager.getConnection(MariaDb.url(MariaDb.port()));
                    Statement statement = connection.createStatement()) {
                statement.setFetchSize(10);
                for (int i = 0; i < Answers.SAMPLES; i++) {
                    try (ResultSet rows = statement.executeQuery(
                            "select repeat('x', 100000), if(seq = 1000, sleep(20), 0) from seq_1_to_2000")) {
                        for (int row = 0; row < 980; row++) {
                            assertThat(rows.next()).isTrue();
                        }
                        Patience.with(MariaDb.url(MariaDb.port()));
                        GUARDS.deadlineMillis = DEADLINE;
                        SQLException thrown = answers.take(() -> {
                            while (rows.next()) {
                                assertThat(rows.getRow()).isZero();
                            }
                        });
                        assertThat(thrown.getSQLState()).isEqualTo("70100");
                        GUARDS.deadlineMillis = 0;
                    }
                }
            }
            answers.areWithin(SLACK);
        }

        @Test
        void rowsThatAreThereAreNoCalls() throws Exception {
            try (Connection connection = DriverManager.getConnection(Databased.postgres());
                    Statement statement = connection.createStatement()) {
                connection.setAutoCommit(false);
                statement.setFetchSize(100);
                GUARDS.admitted.set(0);
                try (ResultSet rows = statement.executeQuery("select * from generate_series(1, 1000)")) {
                    int read = 0;
                    while (rows.next()) {
                        read++;
                    }
                    assertThat(read).isEqualTo(1000);
                }
                assertThat(GUARDS.admitted).hasValue(11); // the query, and its ten fetches after the first
            }
        }
    }

    @Nested
    class Borrowing {
        @Test
        void fromAFullHikariPool() throws Exception {
            long begun = 0;
            try (HikariDataSource pool = Databased.pool(Databased.postgres(), 1);
                    Connection all = pool.getConnection()) {
                assertThat(all.isClosed()).isFalse();
                GUARDS.deadlineMillis = DEADLINE;
                for (int i = 0; i < Answers.SAMPLES; i++) {
                    begun = System.nanoTime();
                    SQLException thrown = StatementContract.failure(pool::getConnection);
                    System.out.printf(
                            "answer - deadline, full HikariCP pool, Java %d: %.1f ms%n",
                            Runtime.version().feature(), (System.nanoTime() - begun) / 1e6 - DEADLINE);
                    assertThat(StatementContract.millisSince(begun)).isBetween(DEADLINE - 1, DEADLINE + SLACK + 3_000);
                    assertThrown(thrown).isInstanceOf(SQLTransientConnectionException.class);
                }
                GUARDS.deadlineMillis = 0;
            }
            assertThat(GUARDS.expired).hasSize(Answers.SAMPLES);
        }
    }

    private interface Stage {
        void set(TcpProxy proxy) throws IOException;
    }

    /** Opens a few connections, so that it is known how long that takes. */
    private static void teach(String url) throws SQLException {
        for (int i = 0; i < 3; i++) {
            DriverManager.getConnection(url).close();
        }
    }

    private static String mySql(int port) {
        return "jdbc:mysql://127.0.0.1:" + port + "/mysql?user=root";
    }

    private static String h2(int port) {
        return "jdbc:h2:tcp://127.0.0.1:" + port + "/mem:remote";
    }
}
