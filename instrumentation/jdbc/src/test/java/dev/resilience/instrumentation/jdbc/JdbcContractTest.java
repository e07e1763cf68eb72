package dev.resilience.instrumentation.jdbc;

import static dev.resilience.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.resilience.instrumentation.api.ClientModule;
import dev.resilience.instrumentation.api.StaticAnswer;
import dev.resilience.testkit.ClientContract;
import dev.resilience.testkit.ScriptedGuards;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.sql.CallableStatement;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLTransientException;
import java.sql.Statement;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.assertj.core.api.ThrowableAssert;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.postgresql.PGConnection;

/** The contract of all clients, for statements on a real PostgreSQL that counts what reaches it. */
class JdbcContractTest extends ClientContract {
    private static final String SCHEMA = """
            create sequence arrivals;
            create sequence abandonments;
            create table stock (id int primary key);
            insert into stock values (1);
            create function answers() returns text language plpgsql as $$
            begin
              perform nextval('arrivals');
              return 'good';
            end $$;
            create function hangs() returns text language plpgsql as $$
            begin
              perform nextval('arrivals');
              perform pg_sleep(60);
              return 'late';
            exception when query_canceled then
              perform nextval('abandonments');
              raise;
            end $$;
            create function says_no() returns text language plpgsql as $$
            begin
              perform nextval('arrivals');
              insert into stock values (1);
              return 'not reached';
            end $$;
            create function fails() returns text language plpgsql as $$
            begin
              perform nextval('arrivals');
              perform pg_terminate_backend(pg_backend_pid());
              perform pg_sleep(60);
              return 'not reached';
            end $$;
            """;

    private final EmbeddedPostgres server;
    private final Map<String, Way> ways = Map.of(
            "statement", new Statements((connection, sql) -> firstOf(connection.createStatement(), sql)),
            "prepared",
                    new Statements((connection, sql) -> {
                        PreparedStatement statement = connection.prepareStatement(sql);
                        return new Running(statement, () -> text(statement.executeQuery()));
                    }),
            "call",
                    new Statements((connection, sql) -> {
                        CallableStatement statement = connection.prepareCall(sql);
                        return new Running(statement, () -> {
                            statement.execute();
                            return text(statement.getResultSet());
                        });
                    }));

    JdbcContractTest() throws IOException, SQLException {
        server = Patience.start("fsync", "off");
        try (Connection connection = DriverManager.getConnection(url());
                Statement statement = connection.createStatement()) {
            statement.execute(SCHEMA);
        }
    }

    @BeforeEach
    void patiently() {
        Patience.with(url());
    }

    @AfterAll
    void stopTheServer() throws IOException {
        server.close();
    }

    private String url() {
        return "jdbc:postgresql://127.0.0.1:" + server.getPort() + "/postgres?user=postgres";
    }

    @Override
    protected ClientModule module() {
        return new JdbcModule();
    }

    @Override
    protected Map<String, Way> ways() {
        return ways;
    }

    @Override
    protected int arrived() {
        return count("arrivals");
    }

    @Override
    protected int abandoned() {
        return count("abandonments");
    }

    @Override
    protected String tokenOfAnswer() {
        return "ok";
    }

    @Override
    protected String tokenOfNo() {
        return "23505";
    }

    @Override
    protected String tokenOfFault() {
        return "57P01";
    }

    @Override
    protected void assertRefusal(Throwable thrown, String message) {
        new ThrowableAssert<>(thrown).isInstanceOf(SQLTransientException.class).hasMessage(message);
        assertThat(((SQLException) thrown).getSQLState()).isEqualTo("RS001");
    }

    @Override
    protected void assertExpiry(Throwable thrown, String message) {
        new ThrowableAssert<>(thrown)
                .isExactlyInstanceOf(SQLTransientException.class)
                .hasMessage(message)
                .hasCauseInstanceOf(SQLException.class);
        assertThat(((SQLException) thrown).getSQLState()).isEqualTo("57014");
    }

    /** There is none: an answer invented for a query would be a wrong one. */
    @Override
    @ParameterizedTest
    @MethodSource("names")
    protected void theStaticAnswerStandsInForRefusalDeadlineAndFaultOnly(String name) {
        guards.fallBackTo(new StaticAnswer(200, null, Map.of(), new byte[0], null), tokenOfFault());
        assertThat(catchThrowable(() -> way(name).call(Behaviour.FAILS))).isInstanceOf(SQLException.class);
        guards.refuse();
        assertRefusal(catchThrowable(() -> way(name).call(Behaviour.ANSWERS)), ScriptedGuards.REFUSED);
        assertThat(guards.fallbacks()).hasSize(2).allMatch(told -> told.startsWith("failed"));
    }

    private Way way(String name) {
        return Objects.requireNonNull(ways.get(name));
    }

    private int count(String sequence) {
        return number("select case when is_called then last_value else 0 end from " + sequence);
    }

    private boolean isAsleep(int backend) {
        return number("select count(*) from pg_stat_activity where wait_event = 'PgSleep' and pid = " + backend) == 1;
    }

    private int number(String sql) {
        return Integer.parseInt(Unguarded.call(() -> {
            try (Connection connection = DriverManager.getConnection(url());
                    Statement statement = connection.createStatement()) {
                return text(statement.executeQuery(sql));
            }
        }));
    }

    private static Running firstOf(Statement statement, String sql) {
        return new Running(statement, () -> text(statement.executeQuery(sql)));
    }

    private static String text(ResultSet rows) throws SQLException {
        assertThat(rows.next()).isTrue();
        return String.valueOf(rows.getString(1));
    }

    /** A statement, and its execution. */
    private record Running(Statement statement, Callable<String> execution) {}

    private interface Preparation {
        Running prepare(Connection connection, String sql) throws SQLException;
    }

    /** Statements of one kind, on a connection that is opened again when a call cost it. */
    private final class Statements implements Way {
        private final Preparation preparation;
        private @Nullable Connection kept;

        Statements(Preparation preparation) {
            this.preparation = preparation;
        }

        @Override
        public String call(Behaviour behaviour) throws Exception {
            Running running = preparation.prepare(connection(), sql(behaviour));
            try (Statement ignored = running.statement()) {
                return running.execution().call();
            }
        }

        @Override
        public boolean giveUp() throws Exception {
            Connection own = connection();
            int backend = Unguarded.call(() -> own.unwrap(PGConnection.class).getBackendPID());
            Running running = preparation.prepare(own, sql(Behaviour.HANGS));
            @Nullable Exception[] thrown = new Exception[1];
            Thread caller = new Thread(() -> {
                try {
                    running.execution().call();
                } catch (Exception expected) {
                    thrown[0] = expected;
                }
            });
            caller.start();
            // and not only arrived: that may be one of before, whose connection was given up before it came to be
            // executed
            assertThat(eventually(() -> isAsleep(backend))).isTrue();
            running.statement().cancel();
            caller.join();
            assertThat(thrown[0]).isNotNull();
            running.statement().close();
            return true;
        }

        private String sql(Behaviour behaviour) {
            return switch (behaviour) {
                case ANSWERS -> "select answers()";
                case SAYS_NO -> "select says_no()";
                case FAILS -> "select fails()";
                case HANGS -> "select hangs()";
            };
        }

        private Connection connection() {
            return Unguarded.call(() -> {
                Connection known = kept;
                if (known == null || !known.isValid(5)) {
                    known = DriverManager.getConnection(url());
                    kept = known;
                }
                return known;
            });
        }
    }
}
