package dev.resilience.instrumentation.jdbc;

import static dev.resilience.instrumentation.jdbc.Databased.GUARDS;
import static dev.resilience.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.resilience.instrumentation.api.Call;
import dev.resilience.instrumentation.api.Reason;
import dev.resilience.instrumentation.api.Refusal;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLTransientException;
import java.sql.Statement;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A statement of a real driver that is told that its deadline is near. */
class EarlyCancelOfPostgresTest {
    private static final long LONG = TimeUnit.SECONDS.toNanos(20);
    private static final int LOCK = 4711;

    @BeforeEach
    void starts() {
        assertThat(Databased.WOVEN.warnings()).isEmpty();
        GUARDS.reset();
        GUARDS.deadlineMillis = 60_000;
    }

    @AfterEach
    void everyPermitIsBack() {
        eventually(GUARDS.permits.out()::isEmpty);
        GUARDS.reset();
        assertThat(GUARDS.faults).isEmpty();
    }

    private static Call underWay() {
        eventually(() -> GUARDS.permits.out().size() == 1);
        return GUARDS.permits.out().iterator().next();
    }

    private static void ask(Statement statement, String sql) throws SQLException {
        try (ResultSet rows = statement.executeQuery(sql)) {
            assertThat(rows.next()).isTrue();
        }
    }

    @Test
    void hasAConnectionForItsCancelAndSaysNothingOnItBeforeTheDeadline() throws Exception {
        try (TcpProxy proxy = new TcpProxy(Databased.postgresPort());
                Connection connection = DriverManager.getConnection(Databased.postgres(proxy.port()));
                Statement statement = connection.createStatement()) {
            ask(statement, "select 1");
            CompletableFuture<Void> hanging = CompletableFuture.runAsync(() -> {
                assertThatThrownBy(() -> ask(statement, "select pg_sleep(60)"))
                        .isInstanceOf(SQLTransientException.class)
                        .hasMessageContaining("deadline_exhausted");
            });
            Call call = underWay();
            eventually(() -> isActive("pg_sleep"));
            long before = proxy.bytesToServer.get();
            CompletableFuture<Void> near = CompletableFuture.runAsync(() -> call.near(LONG));
            eventually(() -> proxy.connects.get() == 2);
            Thread.sleep(100);
            assertThat(proxy.bytesToServer.get()).isEqualTo(before);

            call.cancel(Refusal.saying("cut: deadline_exhausted (100)", Reason.DEADLINE_EXHAUSTED, 0, null));
            hanging.join();
            near.join();
            assertThat(proxy.connects.get()).isEqualTo(2);
            assertThat(proxy.bytesToServer.get()).isEqualTo(before + 16); // a CancelRequest
            ask(statement, "select 1");
        }
    }

    @Test
    void dropsItWhereItEndsBeforeAndHitsNobody() throws Exception {
        try (TcpProxy proxy = new TcpProxy(Databased.postgresPort());
                Connection connection = DriverManager.getConnection(Databased.postgres(proxy.port()));
                Statement statement = connection.createStatement()) {
            ask(statement, "select 1");
            CompletableFuture<Void> near;
            try (Connection holder = Unguarded.call(() -> DriverManager.getConnection(Databased.postgres()));
                    Statement holding = holder.createStatement()) {
                Unguarded.call(() -> holding.execute("select pg_advisory_lock(" + LOCK + ")"));
                CompletableFuture<Void> waiting = CompletableFuture.runAsync(() -> {
                    try {
                        ask(statement, "select pg_advisory_lock(" + LOCK + ")");
                    } catch (SQLException thrown) {
                        throw new AssertionError(thrown);
                    }
                });
                Call call = underWay();
                near = CompletableFuture.runAsync(() -> call.near(LONG));
                eventually(() -> proxy.connects.get() == 2);
                Unguarded.call(() -> holding.execute("select pg_advisory_unlock(" + LOCK + ")"));
                waiting.join();
            }
            long before = proxy.bytesToServer.get();
            near.join();
            assertThat(proxy.bytesToServer.get()).isEqualTo(before);
            ask(statement, "select pg_sleep(0.2)");
            assertThat(proxy.connects.get()).isEqualTo(2);
        }
    }

    private static boolean isActive(String what) {
        return !"0"
                .equals(Databased.unguarded(
                        "select count(*) from pg_stat_activity where state = 'active' and query like 'select " + what
                                + "%'"));
    }
}
