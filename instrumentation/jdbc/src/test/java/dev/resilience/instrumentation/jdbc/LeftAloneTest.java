package dev.resilience.instrumentation.jdbc;

import static dev.resilience.instrumentation.jdbc.Databased.GUARDS;
import static dev.resilience.instrumentation.jdbc.StatementContract.millisSince;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.StringReader;
import java.io.StringWriter;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyManager;

/** What may take longer than any deadline, because it is no statement, or because to end it midway does more harm. */
class LeftAloneTest {
    private static final long DEADLINE = 150;

    private Connection connection;
    private Statement statement;

    @SuppressWarnings("NullAway.Init")
    LeftAloneTest() {}

    @BeforeEach
    void connects() throws SQLException {
        GUARDS.reset();
        connection = DriverManager.getConnection(Databased.postgres());
        statement = connection.createStatement();
        statement.execute("drop table if exists slow_to_commit");
        statement.execute("create table slow_to_commit (id int)");
        statement.execute("""
                create or replace function takes_its_time() returns trigger language plpgsql as $$
                begin
                  perform pg_sleep(0.4);
                  return null;
                end $$""");
        statement.execute("""
                create constraint trigger at_commit after insert on slow_to_commit
                deferrable initially deferred for each row execute function takes_its_time()""");
        GUARDS.reset();
    }

    @AfterEach
    void nothingWasCut() throws SQLException {
        GUARDS.deadlineMillis = 0;
        assertThat(GUARDS.expired).isEmpty();
        statement.execute("select 1");
        connection.close();
        GUARDS.permits.assertAllBack();
        assertThat(GUARDS.faults).isEmpty();
    }

    @Test
    void aListenerMayWaitForItsNews() throws SQLException {
        PGConnection listening = connection.unwrap(PGConnection.class);
        statement.execute("listen news");
        GUARDS.deadlineMillis = DEADLINE;
        long begun = System.nanoTime();
        assertThat(listening.getNotifications(400)).isNullOrEmpty();
        assertThat(millisSince(begun)).isGreaterThan(2 * DEADLINE);
        Databased.unguarded("select pg_notify('news', 'late')");
        assertThat(listening.getNotifications(5_000))
                .singleElement()
                .extracting(news -> news.getParameter())
                .isEqualTo("late");
    }

    @Test
    void aCopyMayTakeAsLongAsItTakes() throws Exception {
        CopyManager copies = connection.unwrap(PGConnection.class).getCopyAPI();
        GUARDS.deadlineMillis = DEADLINE;
        StringWriter out = new StringWriter();
        long begun = System.nanoTime();
        assertThat(copies.copyOut("copy (select pg_sleep(0.4), 7) to stdout", out))
                .isEqualTo(1);
        assertThat(millisSince(begun)).isGreaterThan(2 * DEADLINE);
        assertThat(out.toString()).contains("7");
        begun = System.nanoTime();
        assertThat(copies.copyIn("copy slow_to_commit from stdin", new StringReader("1\n")))
                .isEqualTo(1);
        assertThat(millisSince(begun)).isGreaterThan(2 * DEADLINE);
    }

    @Test
    void aTransactionMayLastLongerThanEachOfItsStatements() throws SQLException {
        connection.setAutoCommit(false);
        GUARDS.deadlineMillis = 1_000;
        long begun = System.nanoTime();
        for (int i = 0; i < 6; i++) {
            statement.execute("select pg_sleep(0.25)");
        }
        connection.commit();
        assertThat(millisSince(begun)).isGreaterThan(1_000);
        connection.setAutoCommit(true);
        assertThat(GUARDS.tokens()).containsExactly("ok", "ok", "ok", "ok", "ok", "ok");
    }

    @Test
    void aCommitIsNeverCutNorARollback() throws SQLException {
        connection.setAutoCommit(false);
        statement.execute("insert into slow_to_commit values (1)");
        GUARDS.deadlineMillis = DEADLINE;
        long begun = System.nanoTime();
        connection.commit();
        assertThat(millisSince(begun)).isGreaterThan(2 * DEADLINE);
        GUARDS.deadlineMillis = 0;
        Savepoint before = connection.setSavepoint();
        statement.execute("insert into slow_to_commit values (2)");
        GUARDS.deadlineMillis = DEADLINE;
        connection.rollback(before);
        connection.rollback();
        connection.setAutoCommit(true);
        assertThat(GUARDS.tokens()).containsExactly("ok", "ok", "ok"); // to set a savepoint is a statement
        assertThat(Databased.unguarded("select count(*) from slow_to_commit")).isEqualTo("1");
    }
}
