package dev.resilience.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A database that answers, then hangs and breaks off, and callers that are given the rows they read before. */
@Tag("unhurried")
class JdbcFallbackIT {
    static Stream<Path> jdks() {
        return Jdks.all().stream();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void givesTheRowsThatWereReadBefore(Path jdk) throws SQLException {
        String table = "goods" + Jdks.releaseOf(jdk);
        String query = "select id, name, price, since from " + table + " order by id";
        String guest = Postgres.url().replace("user=postgres", "user=guest") + "&password=guest";
        try (Jvm program = Jvm.with(jdk)
                        .agent(
                                "mode=enforce",
                                "policies.goods.match.protocol=jdbc",
                                "policies.goods.breaker.strategy=off",
                                "policies.goods.deadline=1s",
                                "policies.goods.fallback.snapshot.max-age=10m")
                        .caller();
                Connection owner = DriverManager.getConnection(Postgres.url());
                Statement statement = owner.createStatement()) {
            statement.execute("drop table if exists " + table);
            statement.execute("create table " + table + " (id int, name text, price numeric(8,2), since timestamptz)");
            statement.execute("insert into " + table + " values (1, 'apple', 1.50, null), (2, null, 2, null)");
            statement.execute(
                    "do $$ begin create role guest login password 'guest'; exception when others then null; end $$");
            statement.execute("grant select on " + table + " to guest");
            String rows = " 1 apple 1.50 null! 2 null! 2.00 null!";
            String read = "rows " + Postgres.url() + " " + query;
            String readByGuest = "rows " + guest + " " + query;

            // the first call of a JVM may take longer than the deadline
            await().atMost(Duration.ofSeconds(20))
                    .untilAsserted(() -> assertThat(program.call(read)).endsWith(rows));
            assertThat(program.call("rows " + guest + " select 1")).endsWith(" 1");

            owner.setAutoCommit(false);
            statement.execute("lock table " + table + " in access exclusive mode");
            for (int i = 0; i < 3; i++) {
                String answer = program.call(read);
                assertThat(answer).startsWith("ok ").endsWith(rows);
                assertThat(Long.parseLong(answer.split(" ", 3)[1])).isBetween(974_000L, 5_000_000L);
            }
            // nobody else's rows, nor those of another query, nor in place of a write
            assertThat(program.call(readByGuest)).contains("deadline_exhausted (100)");
            assertThat(program.call(read.replace("order by id", "order by name")))
                    .contains("deadline_exhausted (100)");
            assertThat(program.call("kept " + Postgres.url() + " delete from " + table))
                    .contains("deadline_exhausted (100)");

            // a query that breaks with its connection
            Thread breaking = new Thread(() -> {
                for (int i = 0; i < 20; i++) {
                    Postgres.count("select count(pg_terminate_backend(pid)) from pg_stat_activity where query = '"
                            + query + "' and pid <> pg_backend_pid()");
                    try {
                        Thread.sleep(50);
                    } catch (InterruptedException e) {
                        return;
                    }
                }
            });
            breaking.start();
            String answer = program.call(read);
            assertThat(answer).startsWith("ok ").endsWith(rows);
            assertThat(Long.parseLong(answer.split(" ", 3)[1])).isLessThan(900_000L);
            breaking.interrupt();
            breaking.join();

            owner.rollback();
            statement.execute("drop table " + table);
            owner.commit();
            assertThat(program.call(read)).contains("42P01");
            assertThat(List.copyOf(program.errors())).noneMatch(line -> line.contains("resilience: fault"));
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Its own driver opens the other database, and the circuit of the first is open by then. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void asksTheReplicaOfADatabaseThatHangs(Path jdk) throws SQLException {
        String database = "replica" + Jdks.releaseOf(jdk);
        String table = "stock" + Jdks.releaseOf(jdk);
        String replica = Postgres.server().getJdbcUrl("postgres", database);
        String read = "rows " + Postgres.url() + " select id, name from " + table + " order by id";
        try (Connection owner = DriverManager.getConnection(Postgres.url());
                Statement statement = owner.createStatement()) {
            statement.execute("drop database if exists " + database);
            statement.execute("create database " + database);
            fill(statement, table, "primary");
            try (Connection other = DriverManager.getConnection(replica);
                    Statement there = other.createStatement()) {
                fill(there, table, "replica");
            }
            try (Jvm program = Jvm.with(jdk)
                    .agent(
                            "mode=enforce",
                            "policies.stock.match.url=**/postgres",
                            "policies.stock.breaker.strategy=consecutive",
                            "policies.stock.breaker.consecutive-failures=2",
                            "policies.stock.breaker.open-for=1h",
                            "policies.stock.deadline=4s",
                            "policies.stock.fallback.alternate.url=" + replica,
                            "policies.stock.fallback.alternate.deadline=2s")
                    .caller()) {
                await().atMost(Duration.ofSeconds(20))
                        .untilAsserted(() -> assertThat(program.call(read)).endsWith(" 1 apple of primary"));
                owner.setAutoCommit(false);
                statement.execute("lock table " + table + " in access exclusive mode");
                for (int i = 0; i < 4; i++) {
                    String answer = program.call(read);
                    assertThat(answer).startsWith("ok ").endsWith(" 1 apple of replica");
                    if (i >= 2) { // the circuit is open: nobody waits for the first
                        assertThat(Long.parseLong(answer.split(" ", 3)[1])).isLessThan(1_800_000L);
                    }
                }
                assertThat(program.call("kept " + Postgres.url() + " delete from " + table))
                        .contains("circuit_open (102)");
                assertThat(List.copyOf(program.errors())).noneMatch(line -> line.contains("resilience: fault"));
            }
            owner.rollback();
        }
    }

    private static void fill(Statement statement, String table, String who) throws SQLException {
        statement.execute("drop table if exists " + table);
        statement.execute("create table " + table + " (id int, name text)");
        statement.execute("insert into " + table + " values (1, 'apple of " + who + "')");
    }

    private static String now(Statement statement) throws SQLException {
        try (ResultSet now = statement.executeQuery("select extract(epoch from clock_timestamp())")) {
            now.next();
            return now.getString(1);
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void makesAQueryAgainAndNoUpdate(Path jdk) throws SQLException {
        String table = "divisors" + Jdks.releaseOf(jdk);
        try (Connection owner = DriverManager.getConnection(Postgres.url());
                Statement statement = owner.createStatement();
                Jvm program = Jvm.with(jdk)
                        .agent(
                                "mode=enforce",
                                "policies.sums.match.protocol=jdbc",
                                "policies.sums.breaker.failure-on=22012",
                                "policies.sums.deadline=20s",
                                "policies.sums.retry.attempts=10",
                                "policies.sums.retry.backoff=300ms",
                                "policies.sums.retry.budget=100%")
                        .caller()) {
            statement.execute("drop table if exists " + table);
            statement.execute("create table " + table + " (n int)");
            statement.execute("insert into " + table + " values (4)");
            String read = "rows " + Postgres.url() + " select 12 / n as q from " + table;
            for (int i = 0; i < 5; i++) {
                assertThat(program.call(read)).endsWith(" 3");
            }
            statement.execute("update " + table + " set n = 0");
            String failed = "select count(*) from pg_stat_activity where state = 'idle' and query like 'select 12 / n%'"
                    + " and query_start > to_timestamp(" + now(statement) + ")";
            String call = program.begin(read);
            await().atMost(Duration.ofSeconds(10)).until(() -> Postgres.count(failed) > 0);
            statement.execute("update " + table + " set n = 3");
            assertThat(program.answerTo(call)).startsWith("ok ").endsWith(" 4");
            statement.execute("update " + table + " set n = 0");
            assertThat(program.call("kept " + Postgres.url() + " update " + table + " set n = 1 / n"))
                    .contains("22012");
            assertThat(List.copyOf(program.errors())).noneMatch(line -> line.contains("resilience: fault"));
        }
    }
}
