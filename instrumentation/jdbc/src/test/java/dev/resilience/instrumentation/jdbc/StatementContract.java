package dev.resilience.instrumentation.jdbc;

import static dev.resilience.instrumentation.jdbc.Databased.GUARDS;
import static dev.resilience.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.resilience.instrumentation.api.Ending;
import java.sql.BatchUpdateException;
import java.sql.CallableStatement;
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
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** What every guarded driver must do besides the contract of all clients, connected to directly. */
abstract class StatementContract {
    private Connection connection;
    private int lost;

    abstract String url();

    /** A query that runs for {@code seconds}. */
    abstract String sleep(int seconds);

    abstract String callSleep(int seconds);

    /** How many statements to cut; {@code -Dresilience.cuts=1000} for the long run. */
    private static final int CUTS = Integer.getInteger("resilience.cuts", 40);

    @SuppressWarnings("NullAway.Init")
    StatementContract() {}

    @BeforeEach
    void connects() throws SQLException {
        assertThat(Databased.WOVEN.warnings()).isEmpty();
        GUARDS.reset();
        connection = DriverManager.getConnection(url());
        try (Statement statement = connection.createStatement()) {
            statement.execute("drop table if exists stock");
            statement.execute("create table stock (id int primary key, amount int not null)");
            statement.execute("insert into stock values (1, 10)");
        }
        GUARDS.reset();
    }

    @AfterEach
    void everyPermitIsBack() throws SQLException {
        GUARDS.open = false;
        GUARDS.draining = false;
        connection.close();
        GUARDS.permits.assertAllBack();
        assertThat(GUARDS.spurious).hasValue(0);
        if (GUARDS.broken == null) {
            assertThat(GUARDS.faults).isEmpty();
        }
    }

    @Test
    void handsOnResultsOfEveryKind() throws SQLException {
        try (Statement statement = connection.createStatement();
                PreparedStatement prepared =
                        connection.prepareStatement("update stock set amount = amount + ? where id = 1")) {
            assertThat(statement.execute("select 1")).isTrue();
            assertThat(statement.execute("update stock set amount = 5")).isFalse();
            assertThat(statement.executeUpdate("update stock set amount = 6")).isEqualTo(1);
            assertThat(statement.executeLargeUpdate("update stock set amount = 7"))
                    .isEqualTo(1L);
            try (ResultSet result = statement.executeQuery("select amount from stock")) {
                assertThat(result.next()).isTrue();
                assertThat(result.getInt(1)).isEqualTo(7);
            }
            statement.addBatch("insert into stock values (2, 1)");
            statement.addBatch("insert into stock values (3, 1)");
            assertThat(statement.executeBatch()).containsExactly(1, 1);
            prepared.setInt(1, 1);
            assertThat(prepared.executeUpdate()).isEqualTo(1);
            assertThat(prepared.execute()).isFalse();
            assertThat(prepared.executeLargeUpdate()).isEqualTo(1L);
            prepared.addBatch();
            assertThat(prepared.executeLargeBatch()).containsExactly(1L);
        }
        assertThat(GUARDS.admitted).hasValue(10);
        assertThat(GUARDS.tokens()).hasSize(10).containsOnly("ok");
    }

    @Test
    void countsNestedStatementsOfTheDriverOnce() throws SQLException {
        try (CallableStatement call = connection.prepareCall(callSleep(0))) {
            call.execute();
        }
        assertThat(GUARDS.admitted).hasValue(1);
    }

    @Test
    void looksTheGuardUpOnceUntilThePoliciesChange() throws SQLException {
        execute("select 1");
        execute("select 1");
        assertThat(GUARDS.lookups).hasSize(1);
        GUARDS.generation.incrementAndGet();
        execute("select 1");
        assertThat(GUARDS.lookups).hasSize(2).allMatch(found -> !found.contains("secret") && !found.contains("?"));
    }

    @Test
    void leavesADatabaseWithoutAGuardAlone() throws SQLException {
        GUARDS.guarding = false;
        execute("select 1");
        assertThat(GUARDS.admitted).hasValue(0);
    }

    @Nested
    class WhenItFails {
        @Test
        void aConstraintViolationIsAnAnswer() {
            SQLException thrown = failure(() -> execute("insert into stock values (1, 1)"));
            assertThat(thrown.getSQLState()).isEqualTo("23505");
            assertThat(GUARDS.endings).containsExactly(Ending.answered("23505", thrown));
        }

        @Test
        void aWrongStatementIsAnAnswer() {
            SQLException thrown = failure(() -> execute("select nothing from nowhere"));
            assertThat(GUARDS.endings).containsExactly(Ending.answered(thrown.getSQLState(), thrown));
        }

        @Test
        void aFailedBatchIsAnAnswerToo() throws SQLException {
            try (Statement statement = connection.createStatement()) {
                statement.addBatch("insert into stock values (1, 1)");
                assertThatThrownBy(statement::executeBatch).isInstanceOf(BatchUpdateException.class);
            }
            assertThat(GUARDS.endings).singleElement().satisfies(ending -> {
                assertThat(ending.token()).startsWith("23");
                assertThat(ending.answered()).isTrue();
            });
        }

        @Test
        void theCallersOwnCancelSaysNothingOfTheDatabase() throws Exception {
            try (Statement statement = connection.createStatement()) {
                Thread canceller = cancelSoon(statement);
                assertThatThrownBy(() -> statement.execute(sleep(20))).isInstanceOf(SQLException.class);
                canceller.join();
            }
            assertThat(GUARDS.tokens()).containsExactly("cancelled");
        }

        @Test
        void theCallersOwnShorterTimeoutWins() throws SQLException {
            GUARDS.deadlineMillis = 10_000;
            try (Statement statement = connection.createStatement()) {
                statement.setQueryTimeout(1);
                SQLException thrown = failure(() -> statement.execute(sleep(20)));
                assertThat(thrown.getMessage()).doesNotContain("cut:");
                assertThat(GUARDS.endings).containsExactly(Ending.failed(Ending.TIMEOUT, thrown));
            }
        }
    }

    @Nested
    class WhileDraining {
        @BeforeEach
        void drains() {
            GUARDS.draining = true;
        }

        @Test
        void aTransactionUnderWayMayFinish() throws SQLException {
            connection.setAutoCommit(false);
            execute("insert into stock values (2, 2)");
            connection.commit();
            connection.setAutoCommit(true);
            GUARDS.draining = false;
            assertThat(count()).isEqualTo(2);
        }

        @Test
        void whatBeginsAnewIsRefused() {
            assertThat(failure(() -> execute("select 1")).getSQLState()).isEqualTo("RS001");
            assertThat(failure(() -> DriverManager.getConnection(url())).getSQLState())
                    .isEqualTo("RS001");
        }
    }

    @Nested
    class WhenItWasOpenBeforeTheAgentCame {
        @Test
        void aConnectionIsAskedOnceWhereItLeads() throws SQLException {
            JdbcAdapter late = new JdbcAdapter(GUARDS);
            try (Statement statement = connection.createStatement()) {
                for (int i = 0; i < 2; i++) {
                    Object entered = late.execute(statement, null, true);
                    assertThat(entered).isInstanceOf(StatementCall.class);
                    late.executed(entered, null, null);
                }
            }
            assertThat(GUARDS.lookups)
                    .singleElement()
                    .satisfies(found -> assertThat(found)
                            .startsWith("jdbc:")
                            .endsWith(" null")
                            .doesNotContain("secret"));
            assertThat(GUARDS.tokens()).containsExactly("ok", "ok");
        }
    }

    @Nested
    class WhileOpen {
        @Test
        void refusesEveryKindOfExecution() throws SQLException {
            try (Statement statement = connection.createStatement();
                    PreparedStatement prepared = connection.prepareStatement("delete from stock");
                    CallableStatement call = connection.prepareCall(callSleep(0))) {
                statement.addBatch("delete from stock");
                prepared.addBatch();
                GUARDS.open = true;
                List<ThrowingCallable> executions = List.of(
                        () -> statement.execute("delete from stock"),
                        () -> statement.execute("delete from stock", Statement.RETURN_GENERATED_KEYS),
                        () -> statement.executeQuery("select 1"),
                        () -> statement.executeUpdate("delete from stock"),
                        () -> statement.executeLargeUpdate("delete from stock"),
                        statement::executeBatch,
                        statement::executeLargeBatch,
                        prepared::execute,
                        prepared::executeQuery,
                        prepared::executeUpdate,
                        prepared::executeLargeUpdate,
                        prepared::executeBatch,
                        call::execute);
                for (ThrowingCallable execution : executions) {
                    SQLException thrown = failure(execution);
                    assertThrown(thrown).isInstanceOf(SQLTransientException.class);
                    assertThat(thrown.getSQLState()).isEqualTo("RS001");
                    assertThrown(thrown).hasMessageContaining("circuit_open (102)");
                }
                assertThat(GUARDS.refused).hasValue(executions.size());
                GUARDS.open = false;
                assertThat(count()).isEqualTo(1);
            }
        }

        @Test
        void refusesToConnect() {
            GUARDS.open = true;
            assertThatThrownBy(() -> DriverManager.getConnection(url()))
                    .isInstanceOf(SQLTransientConnectionException.class)
                    .hasFieldOrPropertyWithValue("SQLState", "RS001");
        }

        @Test
        void letsTransactionsEndAndConnectionsBeTested() throws SQLException {
            connection.setAutoCommit(false);
            execute("insert into stock values (2, 2)");
            GUARDS.open = true;
            assertThat(connection.isValid(1)).isTrue();
            connection.commit();
            connection.rollback();
            connection.setAutoCommit(true);
            assertThat(GUARDS.refused).hasValue(0);
            GUARDS.open = false;
            assertThat(count()).isEqualTo(2);
        }
    }

    @Nested
    class WhenTheDeadlinePasses {

        @BeforeEach
        void arms() {
            Patience.with(url());
            GUARDS.deadlineMillis = 200;
        }

        @Test
        void theStatementIsCutAndTheConnectionLives() throws SQLException {
            try (PreparedStatement prepared = connection.prepareStatement(sleep(20))) {
                long begun = System.nanoTime();
                SQLException thrown = failure(prepared::execute);
                assertThat(millisSince(begun)).isBetween(199L, 3_300L);
                assertThrown(thrown).isExactlyInstanceOf(SQLTransientException.class);
                assertThat(thrown.getSQLState()).isEqualTo("57014");
                assertThrown(thrown)
                        .hasMessageContaining("deadline_exhausted (100)")
                        .hasCauseInstanceOf(SQLException.class);
                assertThat(GUARDS.expired).containsExactly(thrown.getCause());
            }
            assertThat(count()).isEqualTo(1);
        }

        @Test
        void aCutBatchKeepsItsType() throws SQLException {
            try (PreparedStatement prepared =
                    connection.prepareStatement("update stock set amount = (" + scalarSleep() + ")")) {
                prepared.addBatch();
                SQLException thrown = failure(prepared::executeBatch);
                assertThrown(thrown).hasMessageContaining("deadline_exhausted");
                assertThat(GUARDS.expired).containsExactly(thrown.getCause());
            }
        }

        @Test
        void neverCutsWhoComesNext() throws SQLException {
            GUARDS.deadlineMillis = 5;
            for (int i = 0; i < CUTS; i++) {
                try (Statement statement = connection.createStatement()) {
                    SQLException thrown = failure(() -> statement.execute(sleep(20)));
                    assertThrown(thrown).hasMessageContaining("deadline_exhausted");
                    reconnectIfLost(thrown);
                }
                GUARDS.deadlineMillis = 0;
                for (int quick = 0; quick < 10; quick++) {
                    assertThat(count()).isEqualTo(1);
                }
                GUARDS.deadlineMillis = 5;
            }
            assertThat(GUARDS.expired).hasSize(CUTS);
            assertThat(lost).isLessThanOrEqualTo(1 + CUTS / 8);
        }

        @Test
        void racesOfEndAndDeadlineHurtNobody() throws SQLException {
            Random random = new Random(42);
            for (int i = 0; i < CUTS * 5; i++) {
                GUARDS.deadlineMillis = 1L + random.nextInt(3);
                try (Statement statement = connection.createStatement()) {
                    statement.execute("select count(*) from stock a, stock b, stock c");
                } catch (SQLException cut) {
                    assertThrown(cut).hasMessageContaining("deadline_exhausted");
                    reconnectIfLost(cut);
                }
                GUARDS.deadlineMillis = 0;
                if (!connection.isClosed()) {
                    assertThat(count()).isEqualTo(1);
                } else {
                    lost++;
                    connection = DriverManager.getConnection(url());
                }
            }
            assertThat(lost).isLessThanOrEqualTo(1 + CUTS / 8);
        }
    }

    /** On a busy machine a cancel may need longer than it is given; then the connection is gone. */
    private void reconnectIfLost(SQLException cut) throws SQLException {
        if ("08006".equals(cut.getSQLState())) {
            lost++;
            connection.close();
            GUARDS.deadlineMillis = 0;
            connection = Unguarded.call(() -> DriverManager.getConnection(url()));
        }
    }

    @Nested
    class WhenItOnlyObserves {
        @Test
        void nothingIsRefusedCutOrChanged() throws SQLException {
            GUARDS.enforcing = false;
            GUARDS.open = true;
            GUARDS.deadlineMillis = 1;
            execute(sleep(1));
            SQLException thrown = failure(() -> execute("insert into stock values (1, 1)"));
            assertThat(thrown.getSQLState()).isEqualTo("23505");
            DriverManager.getConnection(url()).close();
            assertThat(GUARDS.tokens()).containsExactly("ok", "23505", "cancelled");
        }
    }

    @Test
    void ourOwnFaultsChangeNothing() throws SQLException {
        for (Error error :
                List.of(new AssertionError("ours"), new NoSuchMethodError("ours"), new StackOverflowError())) {
            GUARDS.broken = error;
            assertThat(count()).isEqualTo(1);
            assertThat(failure(() -> execute("insert into stock values (1, 1)")).getSQLState())
                    .isEqualTo("23505");
            try (Connection another = DriverManager.getConnection(url())) {
                assertThat(another.isValid(1)).isTrue();
            }
            assertThat(GUARDS.faults).contains(error);
        }
    }

    @Test
    void givesEveryPermitBackOnARandomWalk() throws SQLException {
        Random random = new Random(7);
        List<Integer> seen = new ArrayList<>();
        for (int i = 0; i < 2_000; i++) {
            int step = random.nextInt(100);
            seen.add(step);
            GUARDS.open = step < 10;
            GUARDS.enforcing = step % 7 != 0;
            GUARDS.deadlineMillis = step > 97 ? 20 : 0;
            try {
                if (step < 50) {
                    execute("select 1");
                } else if (step < 70) {
                    execute("insert into stock values (1, 1)");
                } else if (step > 97 && GUARDS.enforcing) {
                    execute(sleep(5));
                } else {
                    execute("update stock set amount = " + step);
                }
            } catch (SQLException expected) {
                assertThat(expected.getSQLState()).isIn("RS001", "23505", "57014", "08006");
                reconnectIfLost(expected);
            }
            GUARDS.permits.assertAllBack();
        }
        assertThat(GUARDS.admitted.get() + GUARDS.refused.get()).isEqualTo(seen.size());
        assertThat(GUARDS.endings.size() + GUARDS.expired.size()).isEqualTo(GUARDS.admitted.get());
        assertThat(lost).isLessThanOrEqualTo(1 + GUARDS.expired.size() / 8);
    }

    String scalarSleep() {
        return sleep(20);
    }

    private void execute(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private int count() throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery("select count(*) from stock")) {
            result.next();
            return result.getInt(1);
        }
    }

    private static Thread cancelSoon(Statement statement) {
        Thread canceller = new Thread(() -> {
            try {
                eventually(() -> !GUARDS.permits.out().isEmpty());
                Thread.sleep(200);
                statement.cancel();
            } catch (SQLException | InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        canceller.start();
        return canceller;
    }

    /** An SQLException is an Iterable too, and AssertJ cannot know which is meant. */
    static ThrowableAssert<Throwable> assertThrown(Throwable thrown) {
        return new ThrowableAssert<>(thrown);
    }

    static SQLException failure(ThrowingCallable call) {
        Throwable thrown = catchThrowable(call);
        assertThat(thrown).isInstanceOf(SQLException.class);
        return (SQLException) thrown;
    }

    static long millisSince(long begun) {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun);
    }
}
