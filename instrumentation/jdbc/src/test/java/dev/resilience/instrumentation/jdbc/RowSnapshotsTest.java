package dev.resilience.instrumentation.jdbc;

import static dev.resilience.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.resilience.testkit.RealGuards;
import java.io.IOException;
import java.math.BigDecimal;
import java.sql.CallableStatement;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.sql.Types;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Calendar;
import java.util.List;
import java.util.Map;
import java.util.TimeZone;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.ibatis.annotations.Param;
import org.apache.ibatis.annotations.Select;
import org.apache.ibatis.mapping.Environment;
import org.apache.ibatis.session.Configuration;
import org.apache.ibatis.session.SqlSession;
import org.apache.ibatis.session.SqlSessionFactoryBuilder;
import org.apache.ibatis.transaction.jdbc.JdbcTransactionFactory;
import org.jooq.SQLDialect;
import org.jooq.impl.DSL;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;

/** Earlier rows given in place of none, by the real guard, of a real PostgreSQL and of H2. */
@Timeout(120)
class RowSnapshotsTest {
    private static final String BY_ID = "select id, name, price, since from goods where id = ?";

    private static final String EVERYTHING = """
            select 1::int2 as small, 2 as int, 3::bigint as big, 1.50::numeric(10,2) as decimal, 1.5::float4 as single,
              2.5::float8 as double, true as yes, 'text'::text as text, 'c'::char(3) as padded, null::int as nothing,
              date '2024-02-29' as day, time '23:59:58' as clock, timestamp '2024-03-31 02:30:00.123456' as moment,
              timestamptz '2024-03-31 12:00:00+03' as instant, '\\x00ff'::bytea as bytes,
              '0189d3c2-0000-7000-8000-000000000001'::uuid as id, '{"a": 1}'::jsonb as json, 'b'::text as "Quoted"
            """;

    private final List<AutoCloseable> opened = new ArrayList<>();
    private TcpProxy proxy;
    private RealGuards guards;

    @BeforeAll
    static void schema() throws SQLException {
        assertThat(Databased.WOVEN.warnings()).isEmpty();
        Unguarded.call(() -> {
            for (String url : List.of(Databased.postgres(), Databased.H2)) {
                try (Connection connection = DriverManager.getConnection(url);
                        Statement statement = connection.createStatement()) {
                    statement.execute("drop table if exists goods");
                    statement.execute(
                            "create table goods (id int primary key, name varchar(20), price numeric(8,2), since timestamp)");
                    statement.execute("insert into goods values (1, 'apple', 1.50, timestamp '2024-05-01 10:00:00'),"
                            + " (2, 'pear', 2.25, null), (3, null, null, null)");
                }
            }
            try (Connection connection = DriverManager.getConnection(Databased.postgres());
                    Statement statement = connection.createStatement()) {
                statement.execute(
                        "do $$ begin create role guest login password 'guest'; exception when others then null; end $$");
                statement.execute("grant select on goods to guest");
            }
            return null;
        });
    }

    @BeforeEach
    void start() throws IOException {
        proxy = new TcpProxy(Databased.postgresPort());
        opened.add(proxy);
        guard("policies.goods.fallback.snapshot.max-age=10m");
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
        Databased.GUARDS.reset();
        assertThat(faults).isEmpty();
        assertThat(Databased.GUARDS.faults).isEmpty();
    }

    private void guard(String... more) {
        List<String> properties = new ArrayList<>(
                List.of("mode=enforce", "policies.goods.match.protocol=jdbc", "policies.goods.deadline=2s"));
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

    private String url() {
        return Databased.postgres(proxy.port());
    }

    private Connection connect() throws SQLException {
        return connect(url());
    }

    private Connection connect(String url) throws SQLException {
        Connection connection = DriverManager.getConnection(url);
        opened.add(connection);
        return connection;
    }

    /** The breaker of the target opens: a connection of its own fails. */
    private void open() {
        open("no_query");
    }

    private void open(String whyNothingIsGivenForThat) {
        try (Connection connection = Unguarded.call(() -> DriverManager.getConnection(url()));
                Statement statement = connection.createStatement()) {
            statement.execute("select pg_terminate_backend(pg_backend_pid())");
        } catch (SQLException expected) {
            // as it was meant to be
        }
        assertThat(guards.fallbacks()).singleElement().asString().contains(whyNothingIsGivenForThat);
    }

    /** What became of fallbacks since the breaker opened, without explanations. */
    private List<String> fallbacks() {
        return guards.fallbacks().stream()
                .skip(1)
                .map(told -> told.replaceFirst("(failed: \\w+): .*", "$1"))
                .toList();
    }

    private interface Reading<T> {
        T read(ResultSet rows) throws SQLException;
    }

    private static <T> List<T> all(ResultSet rows, Reading<T> reading) throws SQLException {
        List<T> all = new ArrayList<>();
        while (rows.next()) {
            all.add(reading.read(rows));
        }
        return all;
    }

    private List<String> names(Connection connection, String sql, Object... values) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < values.length; i++) {
                statement.setObject(i + 1, values[i]);
            }
            return all(statement.executeQuery(), rows -> rows.getString("name"));
        }
    }

    private void keep(SqlRun run) throws SQLException {
        long before = guards.kept();
        run.run();
        assertThat(eventually(() -> guards.kept() > before))
                .as("%s %s", guards.snapshots(), guards.faults())
                .isTrue();
    }

    private interface SqlRun {
        void run() throws SQLException;
    }

    private void assertNotKept(SqlRun run) throws SQLException {
        long before = guards.kept();
        run.run();
        keep(() -> names(connect(), "select name from goods where id = 2")); // the one worker has seen it by then
        assertThat(guards.kept()).isEqualTo(before + 1);
    }

    @Test
    void givesTheRowsOfTheSameStatementAndValues() throws SQLException {
        Connection connection = connect();
        keep(() -> assertThat(names(connection, BY_ID, 1)).containsExactly("apple"));
        keep(() -> assertThat(names(connection, "select name from goods where id > ?", 7))
                .isEmpty());
        open();
        assertThat(names(connection, BY_ID, 1)).containsExactly("apple");
        assertThat(names(connection, "select name from goods where id > ?", 7)).isEmpty();
        assertThatThrownBy(() -> names(connection, BY_ID, 2)).hasMessageContaining("circuit_open");
        assertThatThrownBy(() -> names(connection, BY_ID, 1L)).hasMessageContaining("circuit_open");
        assertThat(guards.fallbacks()).contains("snapshot").anyMatch(told -> told.contains("no_snapshot"));
        assertThat(guards.executed().get(0).type()).isEqualTo("snapshot");
    }

    @Test
    void isForTheStatementsOfItsConditionAlone() throws SQLException {
        guard(
                "policies.goods.fallback.snapshot.max-age=10m",
                "policies.goods.fallback.snapshot.when=verb == 'SELECT' and table == 'goods'");
        Connection connection = connect();
        keep(() -> assertThat(names(connection, BY_ID, 1)).containsExactly("apple"));
        keep(() -> assertThat(names(connection, "select 'pear' as name")).containsExactly("pear"));
        open("condition");
        assertThat(names(connection, BY_ID, 1)).containsExactly("apple");
        assertThatThrownBy(() -> names(connection, "select 'pear' as name")).hasMessageContaining("circuit_open");
        assertThat(fallbacks()).containsExactly("snapshot", "snapshot failed: condition_not_met");
    }

    @Test
    void givesThemWhenItsDeadlineCutsAndWhenTheConnectionBreaks() throws SQLException {
        guard("policies.goods.fallback.snapshot.max-age=10m", "policies.goods.breaker.strategy=off");
        Connection connection = connect();
        keep(() -> assertThat(names(connection, BY_ID, 1)).containsExactly("apple"));
        proxy.swallowing = true; // and so is lost what is said from now on
        PreparedStatement statement = connection.prepareStatement(BY_ID);
        statement.setObject(1, 1);
        ResultSet rows = statement.executeQuery();
        assertThat(connection.isClosed()).isTrue(); // the cut took it
        assertThat(all(rows, row -> row.getString(2))).containsExactly("apple");
        assertThatThrownBy(statement::executeQuery).isInstanceOf(SQLException.class);
        assertThatThrownBy(() -> names(connection, BY_ID, 1)).isInstanceOf(SQLException.class);
    }

    /** The pool asks the connection, which throws, and throws it on: after a call that was saved. */
    @Test
    void aPooledConnectionThatWasLostIsClosedInSilence() throws SQLException {
        guard("policies.goods.fallback.snapshot.max-age=10m", "policies.goods.breaker.strategy=off");
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl(url());
        config.setMaximumPoolSize(1);
        HikariDataSource pool = new HikariDataSource(config);
        opened.add(pool);
        keep(() -> {
            try (Connection connection = pool.getConnection()) {
                assertThat(names(connection, BY_ID, 1)).containsExactly("apple");
            }
        });
        try (Connection connection = pool.getConnection()) {
            proxy.swallowing = true;
            assertThat(names(connection, BY_ID, 1)).containsExactly("apple");
            assertThat(connection.unwrap(Connection.class).isClosed()).isTrue();
            proxy.swallowing = false; // before the pool opens another
        }
        try (Connection connection = pool.getConnection()) {
            assertThat(names(connection, "select name from goods where id = 2")).containsExactly("pear");
        }
    }

    @Test
    void anErrorOfTheStatementItselfPassesUntouched() throws SQLException {
        Connection connection = connect();
        assertThatThrownBy(() -> names(connection, "select name from goods where id = 1 / (id - id)"))
                .isInstanceOf(SQLException.class)
                .extracting(thrown -> ((SQLException) thrown).getSQLState())
                .isEqualTo("22012");
        assertThat(guards.fallbacks()).isEmpty();
    }

    /** Each value read by each getter that the driver has for it says the same of the rows that were kept. */
    @Test
    void everyGetterSaysWhatTheDriverSaid() throws SQLException {
        assertGettersAgree(url(), EVERYTHING);
    }

    @Test
    void everyGetterSaysWhatH2Said() throws SQLException {
        assertGettersAgree(Databased.H2, """
                select cast(1 as smallint) as small, 2 as int, cast(3 as bigint) as big, cast(1.50 as numeric(10,2)) as dec,
                  cast(2.5 as double precision) as dbl, true as yes, 'text' as text, null as nothing,
                  date '2024-02-29' as d, time '23:59:58' as t, timestamp '2024-03-31 02:30:00.123456' as moment,
                  timestamp with time zone '2024-03-31 12:00:00+03:00' as instant, x'00ff' as bytes,
                  cast('0189d3c2-0000-7000-8000-000000000001' as uuid) as id
                """);
    }

    private void assertGettersAgree(String url, String sql) throws SQLException {
        Connection connection = connect(url);
        Map<String, @Nullable Object> genuine = new TreeMap<>();
        keep(() -> genuine.putAll(seen(connection, sql)));
        guards.registry().close(); // nothing is admitted any more
        Map<String, @Nullable Object> given = seen(connection, sql);
        assertThat(guards.served()).isEqualTo(1);
        Map<String, @Nullable Object> wrong = new TreeMap<>();
        genuine.forEach((what, value) -> {
            // where the driver refuses, rows that were kept may say more
            if (!"refused".equals(value) && !java.util.Objects.deepEquals(value, given.get(what))) {
                wrong.put(what, value + " but given " + given.get(what));
            }
        });
        assertThat(wrong).isEmpty();
        assertThat(genuine).hasSizeGreaterThan(150);
    }

    private static Map<String, @Nullable Object> seen(Connection connection, String sql) throws SQLException {
        Map<String, @Nullable Object> seen = new TreeMap<>();
        Calendar tokyo = Calendar.getInstance(TimeZone.getTimeZone("Asia/Tokyo"));
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            ResultSetMetaData metaData = rows.getMetaData();
            assertThat(rows.next()).isTrue();
            for (int i = 1; i <= metaData.getColumnCount(); i++) {
                String label = metaData.getColumnLabel(i);
                seen.put(label + " type", metaData.getColumnType(i));
                seen.put(label + " type name", metaData.getColumnTypeName(i));
                seen.put(label + " class", metaData.getColumnClassName(i));
                seen.put(label + " precision", metaData.getPrecision(i) + "," + metaData.getScale(i));
                int at = i;
                put(seen, label + " getString", () -> rows.getString(at));
                put(seen, label + " wasNull", rows::wasNull);
                put(seen, label + " getObject", () -> rows.getObject(at));
                put(seen, label + " as bytes", () -> rows.getObject(at) instanceof byte[] ? rows.getBytes(at) : null);
                put(seen, label + " by label", () -> rows.getObject(label));
                if (rows.getObject(i) instanceof byte[]) {
                    continue; // H2 takes them for a number
                }
                put(seen, label + " getBoolean", () -> rows.getBoolean(at));
                put(seen, label + " getByte", () -> rows.getByte(at));
                put(seen, label + " getShort", () -> rows.getShort(at));
                put(seen, label + " getInt", () -> rows.getInt(at));
                put(seen, label + " getLong", () -> rows.getLong(at));
                put(seen, label + " getFloat", () -> rows.getFloat(at));
                put(seen, label + " getDouble", () -> rows.getDouble(at));
                put(seen, label + " getBigDecimal", () -> rows.getBigDecimal(at));
                if (rows.getObject(i) instanceof String) {
                    put(seen, label + " getBytes", () -> rows.getBytes(at));
                }
                boolean ofTime = List.of(Types.DATE, Types.TIMESTAMP, Types.TIMESTAMP_WITH_TIMEZONE)
                        .contains(metaData.getColumnType(i));
                if (ofTime) {
                    put(seen, label + " getDate", () -> rows.getDate(at));
                    put(seen, label + " getTimestamp", () -> rows.getTimestamp(at));
                    put(seen, label + " getTimestamp in Tokyo", () -> rows.getTimestamp(at, tokyo));
                    put(seen, label + " getDate in Tokyo", () -> rows.getDate(at, tokyo));
                }
                for (Class<?> type :
                        List.of(String.class, Integer.class, Long.class, BigDecimal.class, Boolean.class, UUID.class)) {
                    put(seen, label + " as " + type.getSimpleName(), () -> rows.getObject(at, type));
                }
                if (ofTime) {
                    for (Class<?> type :
                            List.of(LocalDate.class, LocalDateTime.class, Timestamp.class, OffsetDateTime.class)) {
                        put(seen, label + " as " + type.getSimpleName(), () -> rows.getObject(at, type));
                    }
                }
            }
            assertThat(rows.next()).isFalse();
        }
        return seen;
    }

    private interface Getter {
        @Nullable
        Object get() throws SQLException;
    }

    private static void put(Map<String, @Nullable Object> seen, String what, Getter getter) {
        try {
            seen.put(what, getter.get());
        } catch (SQLException | RuntimeException refused) {
            seen.put(what, "refused");
        }
    }

    @Test
    void scrollsAsTheStatementAsked() throws SQLException {
        Connection connection = connect();
        String sql = "select name from goods order by id";
        keep(() -> names(connection, sql));
        open();
        try (Statement statement =
                        connection.createStatement(ResultSet.TYPE_SCROLL_INSENSITIVE, ResultSet.CONCUR_READ_ONLY);
                ResultSet rows = statement.executeQuery(sql)) {
            assertThat(rows.isBeforeFirst()).isTrue();
            assertThat(rows.last()).isTrue();
            assertThat(rows.getRow()).isEqualTo(3);
            assertThat(rows.getString(1)).isNull();
            assertThat(rows.wasNull()).isTrue();
            assertThat(rows.previous()).isTrue();
            assertThat(rows.getString("NAME")).isEqualTo("pear");
            assertThat(rows.absolute(-3)).isTrue();
            assertThat(rows.isFirst()).isTrue();
            assertThat(rows.relative(5)).isFalse();
            assertThat(rows.isAfterLast()).isTrue();
            assertThatThrownBy(() -> rows.getString(1)).isInstanceOf(SQLException.class);
        }
        try (Statement statement = connection.createStatement()) {
            ResultSet rows = statement.executeQuery(sql);
            assertThat(rows.getType()).isEqualTo(ResultSet.TYPE_FORWARD_ONLY);
            assertThat(rows.next()).isTrue();
            for (SqlRun back :
                    List.<SqlRun>of(rows::previous, rows::first, rows::beforeFirst, () -> rows.absolute(1))) {
                assertThatThrownBy(back::run).isInstanceOf(SQLException.class).hasMessageContaining("forward");
            }
            assertThatThrownBy(() -> rows.updateString(1, "x")).isInstanceOf(SQLFeatureNotSupportedException.class);
            assertThatThrownBy(() -> rows.getArray(1)).isInstanceOf(SQLFeatureNotSupportedException.class);
            assertThat(rows.getString(1)).isEqualTo("apple");
        }
    }

    @Test
    void belongsToItsStatement() throws SQLException {
        Connection connection = connect();
        keep(() -> names(connection, BY_ID, 1));
        open();
        PreparedStatement statement = connection.prepareStatement(BY_ID);
        statement.setObject(1, 1);
        assertThat(statement.execute()).isTrue();
        ResultSet rows = statement.getResultSet();
        assertThat(rows).isSameAs(statement.getResultSet());
        assertThat(rows.getStatement()).isSameAs(statement);
        assertThat(statement.getUpdateCount()).isEqualTo(-1);
        assertThat(statement.getLargeUpdateCount()).isEqualTo(-1);
        assertThat(rows.unwrap(ResultSet.class)).isSameAs(rows);
        assertThat(rows.isClosed()).isFalse();
        assertThat(statement.getMoreResults()).isFalse();
        assertThat(rows.isClosed()).isTrue();
        assertThat(statement.getResultSet()).isNull();
        ResultSet second = statement.executeQuery();
        ResultSet third = statement.executeQuery();
        assertThat(second.isClosed()).isTrue();
        assertThatThrownBy(second::next).isInstanceOf(SQLException.class).hasMessageContaining("closed");
        assertThat(third.next()).isTrue();
        statement.close();
        assertThat(third.isClosed()).isTrue();
        PreparedStatement completing = connection.prepareStatement(BY_ID);
        completing.setObject(1, 1);
        completing.closeOnCompletion();
        completing.executeQuery().close();
        assertThat(completing.isClosed()).isTrue();
    }

    @Test
    void holdsNoStatementThatTheApplicationLetGo() throws SQLException {
        Connection connection = connect();
        keep(() -> names(connection, BY_ID, 1));
        open();
        java.lang.ref.WeakReference<Statement> dropped = dropped(connection);
        assertThat(eventually(() -> {
                    System.gc();
                    return dropped.refersTo(null);
                }))
                .isTrue();
    }

    private static java.lang.ref.WeakReference<Statement> dropped(Connection connection) throws SQLException {
        PreparedStatement statement = connection.prepareStatement(BY_ID);
        statement.setObject(1, 1);
        assertThat(statement.execute()).isTrue();
        assertThat(statement.getResultSet().next()).isTrue();
        return new java.lang.ref.WeakReference<>(statement);
    }

    private interface Moving {
        void move(ResultSet rows) throws SQLException;
    }

    @Test
    void whatTheApplicationDidNotReadToItsEndIsNotKept() throws SQLException {
        assertNotKept(() -> {
            try (Statement statement = connect().createStatement();
                    ResultSet rows = statement.executeQuery("select name from goods")) {
                rows.next();
            }
        });
        assertNotKept(() -> {
            try (Statement statement =
                            connect().createStatement(ResultSet.TYPE_SCROLL_INSENSITIVE, ResultSet.CONCUR_READ_ONLY);
                    ResultSet rows = statement.executeQuery("select name from goods")) {
                rows.absolute(2);
                while (rows.next()) {
                    rows.getString(1);
                }
            }
        });
        for (Moving moving : List.<Moving>of(rows -> rows.absolute(100), ResultSet::afterLast, rows -> {
            rows.next();
            rows.last();
        })) {
            assertNotKept(() -> {
                try (Statement statement = connect()
                                .createStatement(ResultSet.TYPE_SCROLL_INSENSITIVE, ResultSet.CONCUR_READ_ONLY);
                        ResultSet rows = statement.executeQuery("select name from goods")) {
                    moving.move(rows);
                    assertThat(rows.next()).isFalse();
                }
            });
        }
    }

    @Test
    void nothingIsKeptInATransactionNorOfWhatMayDoSomething() throws SQLException {
        for (String sql : List.of(
                "select name from goods for update",
                "select 'x' as name, pg_advisory_lock(1)",
                "with gone as (delete from goods where id = 99 returning name) select name from gone",
                "select set_config('application_name', 'x', false) as name",
                "update goods set name = name returning name",
                "select array['x'] as name")) {
            assertNotKept(() -> names(connect(), sql));
        }
        assertNotKept(() -> {
            Connection connection = connect();
            connection.setAutoCommit(false);
            names(connection, BY_ID, 1);
            connection.commit();
        });
        assertNotKept(() -> {
            try (CallableStatement call = connect().prepareCall("select name from goods")) {
                call.execute();
            }
        });
    }

    @Test
    void nothingIsGivenInATransaction() throws SQLException {
        Connection connection = connect();
        keep(() -> names(connection, BY_ID, 1));
        open();
        connection.setAutoCommit(false);
        assertThatThrownBy(() -> names(connection, BY_ID, 1)).hasMessageContaining("circuit_open");
        assertThat(fallbacks()).containsExactly("snapshot failed: in_transaction");
    }

    /** Whoever said something to a connection that changes what it means neither leaves rows to others nor gets theirs. */
    @Test
    void aConnectionThatWasToldSomethingIsNobodys() throws SQLException {
        for (String sql : List.of(
                "set search_path to public",
                "set role guest",
                "select set_config('app.tenant', 'a', false)",
                "create temp table goods (id int, name text, price int, since text)",
                "do $$ begin perform set_config('app.tenant', 'b', false); end $$",
                "begin",
                "reset all",
                "discard plans")) {
            assertNotKept(() -> {
                Connection connection = connect();
                try (Statement statement = connection.createStatement()) {
                    statement.execute(sql);
                }
                names(connection, "select name from goods where id = 1");
            });
        }
        assertNotKept(() -> {
            Connection connection = connect();
            connection.setSchema("public");
            names(connection, "select name from goods where id = 1");
        });
        Connection told = connect();
        keep(() -> names(connect(), BY_ID, 1));
        try (Statement statement = told.createStatement()) {
            statement.addBatch("set role guest");
            statement.executeBatch();
        }
        open();
        assertThatThrownBy(() -> names(told, BY_ID, 1)).hasMessageContaining("circuit_open");
        assertThat(fallbacks()).containsExactly("snapshot failed: changed_session");
    }

    @Test
    void whatEndsWithItsTransactionChangesNothing() throws SQLException {
        Connection connection = connect();
        connection.setAutoCommit(false);
        try (Statement statement = connection.createStatement()) {
            statement.execute("set local search_path to public");
            statement.execute("insert into goods (id) values (4) on conflict (id) do nothing");
        }
        connection.rollback();
        connection.setAutoCommit(true);
        keep(() -> names(connection, BY_ID, 1));
    }

    @Test
    void twoUsersNeverCross() throws SQLException {
        String guest = url().replace("user=postgres&password=secret", "user=guest&password=guest");
        Connection owner = connect();
        Connection other = connect(guest);
        String sql = "select current_user as name, id from goods where id = ?";
        for (int id = 1; id <= 3; id++) {
            int of = id;
            keep(() -> names(owner, sql, of));
            if (id < 3) {
                keep(() -> names(other, sql, of));
            }
        }
        open();
        for (int i = 0; i < 50; i++) {
            int id = 1 + i % 3;
            assertThat(names(owner, sql, id)).containsExactly("postgres");
            if (id < 3) {
                assertThat(names(other, sql, id)).containsExactly("guest");
            } else {
                assertThatThrownBy(() -> names(other, sql, id)).hasMessageContaining("circuit_open");
            }
        }
    }

    @Test
    void valuesOfEveryKindAreToldApart() throws SQLException {
        Connection connection = connect();
        String sql = "select name from goods where ? is not null and id = 1";
        List<Object> values = List.of(
                "1",
                1,
                1L,
                true,
                new BigDecimal("1.0"),
                new BigDecimal("1.00"),
                Timestamp.valueOf("2024-01-01 00:00:00"),
                Timestamp.valueOf("2024-01-01 00:00:00.000001"),
                LocalDate.of(2024, 1, 1),
                new byte[] {1},
                new byte[] {1, 0});
        for (Object value : values) {
            keep(() -> names(connection, sql.replace("? is", "?::" + type(value) + " is"), value));
        }
        assertThat(guards.kept()).isEqualTo(values.size());
        assertNotKept(() -> {
            try (PreparedStatement statement = connection.prepareStatement("select name from goods where name = ?")) {
                statement.setCharacterStream(1, new java.io.StringReader("apple"));
                statement.executeQuery().next();
            }
        });
    }

    private static String type(Object value) {
        return value instanceof byte[] ? "bytea" : "text";
    }

    @Test
    void nothingIsReadThatTheApplicationDoesNotRead() throws SQLException {
        Connection connection = connect();
        try (Statement statement = connection.createStatement()) {
            ResultSet rows = statement.executeQuery("select name, id from goods order by id desc");
            assertThat(rows.next()).isTrue();
            assertThat(rows.wasNull()).isFalse();
            assertThat(rows.getString(1)).isNull();
            assertThat(rows.wasNull()).isTrue();
            assertThat(rows.next()).isTrue();
        }
    }

    @Test
    void rowsBeyondAnEighthOfTheBytesAreNotKept() throws SQLException {
        guard("policies.goods.fallback.snapshot.max-bytes=64KiB");
        assertNotKept(() -> names(connect(), "select repeat('x', 100) as name from generate_series(1, 1000)"));
    }

    @Test
    void springReadsThem() throws SQLException {
        Connection connection = connect();
        JdbcTemplate template = new JdbcTemplate(new SingleConnectionDataSource(connection, true));
        String sql = "select id, name, price, since from goods where id < ? order by id";
        List<List<Map<String, Object>>> read = new ArrayList<>();
        keep(() -> read.add(template.queryForList(sql, 3)));
        keep(() -> template.queryForObject("select count(*) from goods", Integer.class));
        open();
        assertThat(template.queryForList(sql, 3)).isEqualTo(read.get(0)).hasSize(2);
        assertThat(template.queryForObject("select count(*) from goods", Integer.class))
                .isEqualTo(3);
        assertThat(template.query(sql, (rows, row) -> rows.getObject("since", LocalDateTime.class), 3))
                .containsExactly(LocalDateTime.of(2024, 5, 1, 10, 0), null);
    }

    @Test
    void jooqReadsThem() throws SQLException {
        Connection connection = connect();
        org.jooq.DSLContext jooq = DSL.using(connection, SQLDialect.POSTGRES);
        String sql = "select id, name, price, since from goods where id < ? order by id";
        List<org.jooq.Result<org.jooq.Record>> read = new ArrayList<>();
        keep(() -> read.add(jooq.fetch(sql, 3)));
        open();
        org.jooq.Result<org.jooq.Record> given = jooq.fetch(sql, 3);
        assertThat(given).isEqualTo(read.get(0)).hasSize(2);
        assertThat(given.get(0).get("price", BigDecimal.class)).isEqualByComparingTo("1.5");
    }

    /** What MyBatis makes of a row. */
    public record Goods(int id, String name, BigDecimal price) {}

    interface Mapper {
        @Select("select id, name, price from goods where id = #{id}")
        Goods byId(@Param("id") int id);
    }

    @Test
    void myBatisReadsThem() throws SQLException {
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl(url());
        config.setMaximumPoolSize(1);
        HikariDataSource pool = new HikariDataSource(config);
        opened.add(pool);
        Configuration configuration = new Configuration(new Environment("test", new JdbcTransactionFactory(), pool));
        configuration.addMapper(Mapper.class);
        try (SqlSession session =
                new SqlSessionFactoryBuilder().build(configuration).openSession(true)) {
            Mapper mapper = session.getMapper(Mapper.class);
            keep(() -> assertThat(mapper.byId(1).name()).isEqualTo("apple"));
            session.clearCache();
            open();
            assertThat(mapper.byId(1)).isEqualTo(new Goods(1, "apple", new BigDecimal("1.50")));
        }
        assertThat(guards.served()).isEqualTo(1);
    }

    @Test
    void withoutSuchAPolicyNothingIsKeptNorGiven() throws SQLException {
        guard();
        Connection connection = connect();
        names(connection, BY_ID, 1);
        guards.registry().close();
        assertThatThrownBy(() -> names(connection, BY_ID, 1)).hasMessageContaining("draining");
        assertThat(guards.fallbacks()).isEmpty();
        assertThat(guards.kept()).isZero();
    }
}
