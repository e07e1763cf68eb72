package dev.resilience.instrumentation.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.resilience.agent.signal.Signal;
import dev.resilience.testkit.RealGuards;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Statements made again on their own connection, by the real guard, of a real PostgreSQL and of H2. */
@Timeout(60)
class StatementRetriesTest {
    /** Fails until somebody changes {@code n}: which the first attempt has somebody do. */
    private static final String QUOTIENT = "select 12 / n as q from divisors where id = ?";

    private final List<AutoCloseable> opened = new ArrayList<>();
    private RealGuards guards;

    @BeforeEach
    void schema() {
        assertThat(Databased.WOVEN.warnings()).isEmpty();
        for (String url : List.of(Databased.postgres(), Databased.H2)) {
            change(url, "drop table if exists divisors");
            change(url, "create table divisors (id int primary key, n int)");
            change(url, "insert into divisors values (1, 0), (2, 3)");
        }
        guard();
    }

    private static void change(String url, String sql) {
        Unguarded.call(() -> {
            try (Connection connection = DriverManager.getConnection(url);
                    Statement statement = connection.createStatement()) {
                return statement.execute(sql);
            }
        });
    }

    private void guard(String... more) {
        List<String> properties = new ArrayList<>(List.of(
                "mode=enforce",
                "policies.shop.match.protocol=jdbc",
                "policies.shop.breaker.strategy=consecutive",
                "policies.shop.breaker.consecutive-failures=50",
                "policies.shop.breaker.failure-on=22012,57P*,08*,timeout",
                "policies.shop.deadline=5s",
                "policies.shop.retry.attempts=4",
                "policies.shop.retry.backoff=100ms",
                "policies.shop.retry.budget=100%"));
        properties.addAll(List.of(more));
        guards = new RealGuards(properties.toArray(String[]::new));
        Databased.GUARDS.giveWayTo(guards.registry());
    }

    @AfterEach
    void noFaults() throws Exception {
        for (int i = opened.size() - 1; i >= 0; i--) {
            opened.get(i).close();
        }
        List<String> faults = guards.faults();
        int inFlight = guards.registry().inFlight();
        long[] here = Nesting.here();
        Databased.GUARDS.reset();
        assertThat(faults).isEmpty();
        assertThat(inFlight).isZero();
        assertThat(here[Nesting.EXECUTING] + here[Nesting.KEPT_OUT]).isZero();
        assertThat(Databased.GUARDS.faults).isEmpty();
    }

    private Connection connect(String url) throws SQLException {
        Connection connection = DriverManager.getConnection(url);
        opened.add(connection);
        for (int i = 0; i < 5; i++) { // what is earned for retries
            quotient(connection, 2);
        }
        return connection;
    }

    private static int quotient(Connection connection, int id) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(QUOTIENT)) {
            statement.setInt(1, id);
            try (ResultSet rows = statement.executeQuery()) {
                assertThat(rows.next()).isTrue();
                return rows.getInt("q");
            }
        }
    }

    private List<String> retries() {
        return guards.retried().stream()
                .map(retry -> retry.attempts() + " " + retry.by() + " " + retry.reason() + " " + retry.ending())
                .toList();
    }

    private void assertMadeAgain(String url, SqlCall call) throws Exception {
        Connection connection = connect(url);
        guards.meanwhile(() -> elsewhere(() -> change(url, "update divisors set n = 4 where id = 1")));
        assertThat(call.on(connection)).isEqualTo(3);
        assertThat(retries()).containsExactly("1 agent again 22012");
    }

    /** On a thread of its own, as it is not part of the call. */
    private static void elsewhere(Runnable work) {
        Thread other = new Thread(work);
        other.start();
        try {
            other.join();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private interface SqlCall {
        int on(Connection connection) throws SQLException;
    }

    @Test
    void aPreparedStatementIsMadeAgain() throws Exception {
        assertMadeAgain(Databased.postgres(), connection -> quotient(connection, 1));
    }

    @Test
    void aPreparedStatementOfH2IsMadeAgain() throws Exception {
        assertMadeAgain(Databased.H2, connection -> quotient(connection, 1));
    }

    @Test
    void aTextIsMadeAgainByTheMethodThatWasCalled() throws Exception {
        assertMadeAgain(Databased.postgres(), connection -> {
            try (Statement statement = connection.createStatement()) {
                assertThat(statement.execute("select 12 / n from divisors where id = 1"))
                        .isTrue();
                try (ResultSet rows = statement.getResultSet()) {
                    assertThat(rows.next()).isTrue();
                    return rows.getInt(1);
                }
            }
        });
    }

    @Test
    void theLastFailureIsThrownAsItIs() throws Exception {
        Connection connection = connect(Databased.postgres());
        assertThatThrownBy(() -> quotient(connection, 1))
                .isInstanceOf(SQLException.class)
                .hasMessage("ERROR: division by zero")
                .extracting(thrown -> ((SQLException) thrown).getSQLState())
                .isEqualTo("22012");
        assertThat(retries())
                .containsExactly(
                        "1 agent again 22012",
                        "2 agent again 22012",
                        "3 agent again 22012",
                        "4 agent attempts_spent 22012");
        assertThat(quotient(connection, 2)).isEqualTo(4);
    }

    @Test
    void nothingThatMayWriteNorATransactionIsMadeAgain() throws Exception {
        Connection connection = connect(Databased.postgres());
        try (Statement statement = connection.createStatement()) {
            assertThatThrownBy(() -> statement.executeUpdate("update divisors set n = 1 / n"))
                    .isInstanceOf(SQLException.class);
            assertThatThrownBy(() -> statement.executeQuery("select 1 / n from divisors for update"))
                    .isInstanceOf(SQLException.class);
            connection.setAutoCommit(false);
            assertThatThrownBy(() -> quotient(connection, 1)).isInstanceOf(SQLException.class);
            connection.rollback();
            connection.setAutoCommit(true);
        }
        assertThat(retries()).isNotEmpty().allMatch(told -> told.equals("1 agent not_idempotent 22012"));
    }

    @Test
    void allAttemptsHaveOneDeadline() throws Exception {
        guard(
                "policies.shop.deadline=700ms",
                "policies.shop.retry.attempts=10",
                "policies.shop.retry.backoff=5s",
                "policies.shop.retry.max-backoff=5s");
        Connection connection = connect(Databased.postgres());
        long begun = System.nanoTime();
        assertThatThrownBy(() -> quotient(connection, 1)).isInstanceOf(SQLException.class);
        assertThat(System.nanoTime() - begun).isLessThan(TimeUnit.MILLISECONDS.toNanos(4_000));
        assertThat(guards.retried().stream().mapToLong(Signal.Retry::waitNanos).sum())
                .isLessThanOrEqualTo(TimeUnit.MILLISECONDS.toNanos(700));
        assertThat(retries()).first().asString().contains("again");
    }

    /** The caller's own bound is one for all attempts too. */
    @Test
    void aTimeoutOfTheStatementIsNotMultiplied() throws Exception {
        Connection connection = connect(Databased.postgres());
        try (Connection locking = Unguarded.call(() -> DriverManager.getConnection(Databased.postgres()));
                PreparedStatement statement = connection.prepareStatement(QUOTIENT)) {
            Unguarded.call(() -> {
                locking.setAutoCommit(false);
                return locking.createStatement().execute("lock table divisors in access exclusive mode");
            });
            statement.setInt(1, 2);
            statement.setQueryTimeout(1);
            assertThatThrownBy(statement::executeQuery).isInstanceOf(SQLException.class);
        }
        assertThat(retries()).containsExactly("1 agent no_time timeout");
    }

    @Test
    void aStatementThatItsCallerCancelsMeanwhileIsNotMadeAgain() throws Exception {
        guard("policies.shop.retry.backoff=1s", "policies.shop.retry.max-backoff=1s");
        Connection connection = connect(Databased.postgres());
        try (PreparedStatement statement = connection.prepareStatement(QUOTIENT)) {
            statement.setInt(1, 1);
            guards.meanwhile(() -> elsewhere(() -> {
                try {
                    statement.cancel();
                } catch (SQLException e) {
                    throw new IllegalStateException(e);
                }
            }));
            assertThatThrownBy(statement::executeQuery).hasMessage("ERROR: division by zero");
        }
        assertThat(retries()).containsExactly("1 agent again 22012");
    }

    /** What was read of a stream is gone; and of a transaction that a text began nobody else knows. */
    @Test
    void noStreamAndNoTransactionOfATextIsMadeAgain() throws Exception {
        Connection connection = connect(Databased.postgres());
        try (PreparedStatement statement =
                connection.prepareStatement("select 12 / n as q from divisors where id = 1 and n::text::bytea <> ?")) {
            statement.setBinaryStream(1, new java.io.ByteArrayInputStream(new byte[] {1}), 1);
            assertThatThrownBy(statement::executeQuery).hasMessage("ERROR: division by zero");
        }
        try (Statement statement = connection.createStatement()) {
            statement.execute("begin");
            assertThatThrownBy(() -> quotient(connection, 1)).hasMessage("ERROR: division by zero");
            statement.execute("rollback");
        }
        assertThat(retries()).isNotEmpty().allMatch(told -> told.equals("1 agent not_idempotent 22012"));
    }

    @Test
    void aConnectionThatIsLostIsNotAskedAgain() throws Exception {
        Connection connection = connect(Databased.postgres());
        long pid = 0;
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("select pg_backend_pid()")) {
            assertThat(rows.next()).isTrue();
            pid = rows.getLong(1);
        }
        Databased.unguarded("select pg_terminate_backend(" + pid + ")");
        assertThatThrownBy(() -> quotient(connection, 2)).isInstanceOf(SQLException.class);
        assertThat(retries()).singleElement().asString().matches("1 agent not_(replayable|idempotent) .*");
    }

    @Test
    void anInterruptEndsTheWaitWithTheFailureThatWasThere() throws Exception {
        guard("policies.shop.retry.backoff=20s", "policies.shop.retry.max-backoff=20s", "policies.shop.deadline=30s");
        Connection connection = connect(Databased.postgres());
        guards.meanwhile(Thread.currentThread()::interrupt);
        assertThatThrownBy(() -> quotient(connection, 1)).hasMessage("ERROR: division by zero");
        assertThat(Thread.interrupted()).isTrue();
        assertThat(retries()).containsExactly("1 agent again 22012");
    }
}
