package dev.resilience.instrumentation.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.resilience.testkit.RealGuards;
import java.io.IOException;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A database that fails, and another that is asked in its place: real ones both, and the real guard. */
@Timeout(120)
class AlternateDatabasesTest {
    private static final String BY_ID = "select id, name, price, since from goods where id = ?";
    private static final String H2_REPLICA = "jdbc:h2:mem:replica;DB_CLOSE_DELAY=-1";

    private final List<AutoCloseable> opened = new ArrayList<>();
    private TcpProxy proxy;
    private TcpProxy replica;
    private RealGuards guards = new RealGuards();

    @BeforeAll
    static void schema() {
        assertThat(Databased.WOVEN.warnings()).isEmpty();
        Unguarded.call(() -> {
            try (Connection connection = DriverManager.getConnection(Databased.postgres());
                    Statement statement = connection.createStatement()) {
                statement.execute("drop database if exists replica");
                statement.execute("create database replica");
                statement.execute(
                        "do $$ begin create role guest login password 'guest'; exception when others then null; end $$");
            }
            fill(Databased.postgres(), "primary");
            fill(replicaUrl(Databased.postgresPort()) + "&password=secret", "replica");
            fill(Databased.H2, "primary");
            fill(H2_REPLICA, "replica");
            return null;
        });
    }

    private static void fill(String url, String who) throws SQLException {
        try (Connection connection = DriverManager.getConnection(url);
                Statement statement = connection.createStatement()) {
            statement.execute("drop table if exists goods");
            statement.execute(
                    "create table goods (id int primary key, name varchar(20), price numeric(8,2), since timestamp)");
            statement.execute("insert into goods values (1, 'apple of " + who
                    + "', 1.50, timestamp '2024-05-01 10:00:00')," + " (2, 'pear of " + who + "', 2.25, null)");
        }
    }

    private static String replicaUrl(int port) {
        return "jdbc:postgresql://127.0.0.1:" + port + "/replica?user=postgres";
    }

    @BeforeEach
    void start() throws IOException {
        proxy = new TcpProxy(Databased.postgresPort());
        replica = new TcpProxy(Databased.postgresPort());
        opened.add(proxy);
        opened.add(replica);
    }

    @AfterEach
    void noFaults() throws Exception {
        for (int i = opened.size() - 1; i >= 0; i--) {
            try {
                opened.get(i).close();
            } catch (SQLException gone) {
                // its connection was cut
            }
        }
        List<String> faults = guards.faults();
        int inFlight = guards.registry().inFlight();
        long[] here = Nesting.here();
        Databased.GUARDS.reset();
        assertThat(faults).isEmpty();
        assertThat(inFlight).isZero();
        assertThat(here[Nesting.EXECUTING] + here[Nesting.KEPT_OUT] + here[Nesting.ASKED])
                .isZero();
        assertThat(Wires.here()).isNull();
        assertThat(Databased.GUARDS.faults).isEmpty();
    }

    private void guard(String alternate, String... more) {
        List<String> properties = new ArrayList<>(List.of(
                "mode=enforce",
                "policies.goods.match.url=jdbc:postgresql://*/postgres",
                "policies.goods.deadline=2s",
                "policies.goods.fallback.alternate.url=" + alternate,
                "policies.other.match.url=**/replica",
                "policies.other.breaker.strategy=off"));
        properties.addAll(List.of(more));
        if (!properties.contains("policies.goods.breaker.strategy=off")) {
            properties.addAll(List.of(
                    "policies.goods.breaker.strategy=consecutive",
                    "policies.goods.breaker.consecutive-failures=1",
                    "policies.goods.breaker.open-for=1h"));
        }
        guards = new RealGuards(properties.toArray(String[]::new));
        Databased.GUARDS.giveWayTo(guards.registry());
    }

    private Connection connect() throws SQLException {
        return connect(Databased.postgres(proxy.port()));
    }

    private Connection connect(String url) throws SQLException {
        Connection connection = DriverManager.getConnection(url);
        opened.add(connection);
        return connection;
    }

    /** The breaker of the database opens: a connection of its own fails. */
    private void open() {
        try (Connection connection =
                        Unguarded.call(() -> DriverManager.getConnection(Databased.postgres(proxy.port())));
                Statement statement = connection.createStatement()) {
            statement.execute("select pg_terminate_backend(pg_backend_pid())");
        } catch (SQLException expected) {
            // as it was meant to be
        }
    }

    private static List<String> names(Connection connection, String sql, Object... values) throws SQLException {
        List<String> names = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < values.length; i++) {
                statement.setObject(i + 1, values[i]);
            }
            ResultSet rows = statement.executeQuery();
            while (rows.next()) {
                names.add(rows.getString("name"));
            }
        }
        return names;
    }

    /** Without explanations, and without what is told of how the breaker was opened. */
    private List<String> fallbacks() {
        return guards.fallbacks().stream()
                .map(told -> told.replaceFirst("(failed: [\\w.]+):.*", "$1"))
                .filter(told -> !told.contains("no_query"))
                .toList();
    }

    @Test
    void isAskedOnlyAsLongAsTheStatementMayTake() throws SQLException {
        guard(
                replicaUrl(replica.port()),
                "policies.goods.breaker.strategy=off",
                "policies.goods.deadline=4s",
                "policies.goods.fallback.alternate.deadline=2s",
                "policies.goods.fallback.alternate.credentials=true");
        Connection connection = connect();
        assertThat(names(connection, BY_ID, 1)).containsExactly("apple of primary");
        try (Connection holder = Unguarded.call(() -> DriverManager.getConnection(Databased.postgres()));
                Statement locking = Unguarded.call(holder::createStatement);
                PreparedStatement statement = connection.prepareStatement(BY_ID)) {
            Unguarded.call(() -> locking.execute("begin; lock table goods in access exclusive mode"));
            statement.setInt(1, 1);

            statement.setQueryTimeout(30);
            ResultSet rows = statement.executeQuery();
            assertThat(rows.next()).isTrue();
            assertThat(rows.getString("name")).isEqualTo("apple of replica");

            statement.setQueryTimeout(1);
            assertThatThrownBy(statement::executeQuery).isInstanceOf(SQLException.class);
            assertThat(fallbacks()).containsExactly("alternate", "alternate failed: no_time_left");
            Unguarded.call(() -> locking.execute("rollback"));
        }
    }

    /** Its own guard has no deadline, only the link of the chain has. */
    @Test
    void isGivenUpWhileItsNameIsLookedUp() throws SQLException {
        guard(
                replicaUrl(replica.port()).replace("127.0.0.1", "localhost"),
                "policies.goods.fallback.alternate.credentials=true",
                "policies.goods.fallback.alternate.deadline=300ms");
        Connection connection = connect();
        open();
        Databased.GUARDS.unresolving = true;
        long begun = System.nanoTime();

        SQLException thrown = StatementContract.failure(() -> names(connection, BY_ID, 1));

        assertThat(StatementContract.millisSince(begun)).isBetween(290L, 5_500L);
        assertThat(thrown.getMessage()).contains("circuit_open");
        assertThat(fallbacks()).containsExactly("alternate failed: java.sql.SQLTransientConnectionException");
        assertThat(guards.fallbacks()).anyMatch(told -> told.endsWith("while it was opened"));
    }

    @Test
    void answersForADatabaseWhoseCircuitIsOpen() throws SQLException {
        guard(replicaUrl(replica.port()), "policies.goods.fallback.alternate.credentials=true");
        Connection connection = connect();
        assertThat(names(connection, BY_ID, 1)).containsExactly("apple of primary");
        open();
        PreparedStatement statement = connection.prepareStatement(BY_ID);
        statement.setInt(1, 1);
        ResultSet rows = statement.executeQuery();
        assertThat(rows.getStatement()).isSameAs(statement);
        assertThat(rows.next()).isTrue();
        assertThat(rows.getInt("id")).isEqualTo(1);
        assertThat(rows.getString(2)).isEqualTo("apple of replica");
        assertThat(rows.getBigDecimal("price")).isEqualTo(new BigDecimal("1.50"));
        assertThat(rows.getTimestamp(4)).isEqualTo(Timestamp.valueOf(LocalDateTime.of(2024, 5, 1, 10, 0)));
        assertThat(rows.next()).isFalse();
        statement.setInt(1, 2);
        assertThat(statement.execute()).isTrue();
        assertThat(statement.getResultSet().next()).isTrue();
        statement.close();
        try (Statement plain = connection.createStatement();
                ResultSet counted = plain.executeQuery("select count(*) from goods")) {
            assertThat(counted.next()).isTrue();
            assertThat(counted.getLong(1)).isEqualTo(2);
        }
        assertThat(fallbacks()).containsOnly("alternate");
        assertThat(replica.connects.get()).as("connections, kept for the next").isEqualTo(1);
    }

    @Test
    void answersWhenTheDeadlineCutsAndWhenTheConnectionBreaks() throws SQLException {
        guard(
                replicaUrl(replica.port()),
                "policies.goods.fallback.alternate.credentials=true",
                "policies.goods.breaker.strategy=off");
        Connection connection = connect();
        assertThat(names(connection, BY_ID, 1)).containsExactly("apple of primary");
        Databased.unguarded("select count(pg_terminate_backend(pid)) from pg_stat_activity where query = '"
                + BY_ID.replace("?", "$1") + "' and datname = 'postgres'");
        assertThat(names(connection, BY_ID, 1)).containsExactly("apple of replica");

        Connection other = connect();
        proxy.swallowing = true;
        long begun = System.nanoTime();
        assertThat(names(other, BY_ID, 1)).containsExactly("apple of replica");
        assertThat(System.nanoTime() - begun)
                .as("the deadline, less what the alternate has of it")
                .isBetween(TimeUnit.MILLISECONDS.toNanos(950), TimeUnit.MILLISECONDS.toNanos(2500));
    }

    @Test
    void isAskedNothingThatMayWriteOrIsPartOfATransaction() throws SQLException {
        guard(replicaUrl(replica.port()), "policies.goods.fallback.alternate.credentials=true");
        Connection connection = connect();
        Connection inTransaction = connect();
        inTransaction.setAutoCommit(false);
        open();
        for (String sql :
                List.of("update goods set name = 'x'", "select nextval('none')", "select * from goods for update")) {
            assertThatThrownBy(() -> {
                        try (Statement statement = connection.createStatement()) {
                            statement.execute(sql);
                        }
                    })
                    .as(sql)
                    .hasMessageContaining("circuit_open");
        }
        assertThatThrownBy(() -> names(inTransaction, BY_ID, 1)).hasMessageContaining("circuit_open");
        assertThat(replica.connects.get()).isZero();
        assertThat(guards.fallbacks()).anyMatch(told -> told.contains("in_transaction"));
    }

    @Test
    void hasItsOwnDeadline() throws SQLException {
        guard(
                replicaUrl(replica.port()),
                "policies.goods.fallback.alternate.credentials=true",
                "policies.goods.fallback.alternate.deadline=1s");
        Connection connection = connect();
        open();
        assertThat(names(connection, BY_ID, 1)).containsExactly("apple of replica");
        replica.swallowing = true; // on the connection that was kept, and then on a new one
        int loginTimeout = DriverManager.getLoginTimeout();
        DriverManager.setLoginTimeout(30); // as HikariCP does, and then pgjdbc connects on a thread of its own
        try {
            for (int i = 0; i < 2; i++) {
                long begun = System.nanoTime();
                assertThatThrownBy(() -> names(connection, BY_ID, 1)).hasMessageContaining("circuit_open");
                assertThat(System.nanoTime() - begun)
                        .isBetween(TimeUnit.MILLISECONDS.toNanos(995), TimeUnit.MILLISECONDS.toNanos(4_500));
            }
        } finally {
            DriverManager.setLoginTimeout(loginTimeout);
        }
        replica.swallowing = false;
        assertThat(names(connection, BY_ID, 1)).containsExactly("apple of replica");
    }

    /** It has a guard of its own, which sees that it did not answer in time. */
    @Test
    void isLeftInPeaceOnceItsOwnCircuitIsOpen() throws SQLException {
        guard(
                replicaUrl(replica.port()),
                "policies.goods.fallback.alternate.credentials=true",
                "policies.goods.fallback.alternate.deadline=1s",
                "policies.other.breaker.strategy=consecutive",
                "policies.other.breaker.consecutive-failures=2",
                "policies.other.breaker.open-for=1h");
        Connection connection = connect();
        open();
        assertThat(names(connection, BY_ID, 1)).containsExactly("apple of replica");
        replica.swallowing = true; // on the connection that was kept, and then on a new one
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() -> names(connection, BY_ID, 1)).hasMessageContaining("circuit_open");
        }
        long connects = replica.connects.get();
        replica.swallowing = false;
        assertThatThrownBy(() -> names(connection, BY_ID, 1)).hasMessageContaining("circuit_open");
        assertThat(replica.connects.get()).isEqualTo(connects);
        assertThat(guards.fallbacks().get(guards.fallbacks().size() - 1)).contains("circuit_open");
    }

    /** Without a socket to close it is cancelled, which says no less of it. */
    @Test
    void isLeftInPeaceOnceItsOwnCircuitIsOpenInMemory() throws SQLException {
        guard(
                H2_REPLICA,
                "policies.goods.breaker.failure-on=22012",
                "policies.goods.match.url=jdbc:h2:mem:shared",
                "policies.goods.fallback.alternate.deadline=1s",
                "policies.other.match.url=jdbc:h2:mem:replica",
                "policies.other.breaker.strategy=consecutive",
                "policies.other.breaker.consecutive-failures=2",
                "policies.other.breaker.open-for=1h");
        Connection connection = connect(Databased.H2);
        assertThatThrownBy(() -> names(connection, "select name from goods where id = 1 / (id - id)"))
                .isInstanceOf(SQLException.class);
        assertThat(names(connection, BY_ID, 1)).containsExactly("apple of replica");
        String endless = "select count(*) as name from system_range(1, 1000000) a, system_range(1, 1000000) b";
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() -> names(connection, endless)).hasMessageContaining("circuit_open");
        }
        assertThatThrownBy(() -> names(connection, BY_ID, 1)).hasMessageContaining("circuit_open");
        assertThat(guards.fallbacks().get(guards.fallbacks().size() - 1)).contains("circuit_open");
    }

    @Test
    void anotherConnectionIsOpenedWhereTheOneThatWasKeptIsLost() throws SQLException {
        guard(replicaUrl(replica.port()), "policies.goods.fallback.alternate.credentials=true");
        Connection connection = connect();
        open();
        assertThat(names(connection, BY_ID, 1)).containsExactly("apple of replica");
        Databased.unguarded("select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = 'replica'");
        assertThat(names(connection, BY_ID, 1)).containsExactly("apple of replica");
        assertThat(replica.connects.get()).isEqualTo(2);
    }

    /** A guest of the database asks as a guest, or not at all. */
    @Test
    void isOpenedForWhomTheConnectionWasOpened() throws SQLException {
        String guest =
                Databased.postgres(proxy.port()).replace("user=postgres&password=secret", "user=guest&password=guest");
        String url = replicaUrl(replica.port()).replace("?user=postgres", "");
        guard(url, "policies.goods.fallback.alternate.credentials=true");
        Connection owner = connect();
        Connection connection = connect(guest);
        open();
        assertThat(names(owner, BY_ID, 1)).containsExactly("apple of replica");
        assertThatThrownBy(() -> names(connection, BY_ID, 1)).hasMessageContaining("circuit_open");
        assertThat(guards.fallbacks().get(guards.fallbacks().size() - 1)).contains("permission denied");
        assertThat(replica.connects.get()).as("none is shared").isEqualTo(2);
    }

    @Test
    void itsFailureIsToldAndTheOldOneThrown() throws SQLException {
        guard(
                "jdbc:postgresql://127.0.0.1:1/replica?user=postgres",
                "policies.goods.fallback.chain=alternate,snapshot",
                "policies.goods.match.protocol=jdbc",
                "policies.goods.fallback.snapshot.max-age=1m");
        Connection connection = connect();
        open();
        assertThatThrownBy(() -> names(connection, BY_ID, 1)).hasMessageContaining("circuit_open");
        assertThat(fallbacks()).hasSize(2);
        assertThat(guards.fallbacks().get(guards.fallbacks().size() - 2)).contains("127.0.0.1:1 refused");
    }

    @Test
    void isNotTheDatabaseItself() throws SQLException {
        guard(Databased.postgres(proxy.port()).replace("&password=secret", ""));
        Connection connection = connect();
        open();
        assertThatThrownBy(() -> names(connection, BY_ID, 1)).hasMessageContaining("circuit_open");
        assertThat(fallbacks()).containsExactly("alternate failed: itself");
    }

    @Test
    void answersForH2() throws SQLException {
        guard(H2_REPLICA, "policies.goods.breaker.failure-on=22012", "policies.goods.match.url=jdbc:h2:mem:shared");
        Connection connection = connect(Databased.H2);
        assertThat(names(connection, BY_ID, 1)).containsExactly("apple of primary");
        assertThatThrownBy(() -> names(connection, "select name from goods where id = 1 / (id - id)"))
                .isInstanceOf(SQLException.class);
        assertThat(names(connection, BY_ID, 1)).containsExactly("apple of replica");
        assertThat(names(connection, "select name from goods where since < ?", LocalDateTime.of(2025, 1, 1, 0, 0)))
                .containsExactly("apple of replica");
    }

    @Test
    void takesOverWhatSaysWhatAStatementMeansAndNoSecretUnlessTold() {
        List<String> opener = List.of(
                "jdbc:postgresql://a/shop?currentSchema=tenant&ssl&socketFactory=x.Y&targetServerType=primary&user=from%20url",
                "ApplicationName", "shop", "loginTimeout", "3", "password", "secret", "sslkey", "key", "user", "lost");
        String alternate = "jdbc:postgresql://b/shop?ApplicationName=reader";
        Map<String, String> settings = new TreeMap<>(Map.of("currentSchema", "tenant", "ssl", "", "loginTimeout", "0"));
        assertThat(AlternateDatabases.settings(opener, alternate, false)).isEqualTo(settings);
        settings.putAll(Map.of("user", "from url", "password", "secret", "sslkey", "key"));
        assertThat(AlternateDatabases.settings(opener, alternate, true)).isEqualTo(settings);
        assertThat(AlternateDatabases.settings(
                        List.of("jdbc:h2:mem:a;mode=MySQL;DB_CLOSE_DELAY=-1", "user", "sa"), "jdbc:h2:mem:b", true))
                .isEqualTo(Map.of("mode", "MySQL", "user", "sa"));
        for (String url : List.of("jdbc:h2:mem:a;INIT=RUNSCRIPT FROM 'x'", "jdbc:postgresql://a/shop?service=x")) {
            assertThatThrownBy(() -> AlternateDatabases.settings(List.of(url), url.substring(0, 16), true))
                    .hasMessageContaining("was opened with");
        }
    }
}
