package dev.resilience.it;

import static dev.resilience.it.Phases.CALLS;
import static dev.resilience.it.Phases.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Each phase of a call of PostgreSQL, of H2's server and of HikariCP hangs in its turn: the caller is answered in time, the
 * server's work ends, nothing is left, and the next call is answered.
 */
@ParameterizedClass(name = "{0}")
@MethodSource("dev.resilience.it.Phases#jdks")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Tag("waiting")
class JdbcPhasesIT {
    /** Each of these pools starts threads of its own. */
    private static final int POOLS = 10;

    private static final String CONNECTING = "cut_08001*" + CALLS;

    /** Or else its connection goes: where so many are cancelled at once, a busy server may not get round to all of them. */
    private static final String CANCELLED = "cut_";

    private static final String GONE = "cut_08006*" + CALLS;

    private static final String NAME = "database.example";

    private @Nullable Resolver resolver;
    private @Nullable Phases running;
    private @Nullable Jvm h2;
    private int h2Port;

    @Parameter
    @Nullable
    Path jdk;

    @BeforeParameterizedClassInvocation
    void start(Path home) throws Exception {
        Resolver hosts = new Resolver(Files.createTempDirectory("phases"), NAME);
        resolver = hosts;
        Jvm server = Jvm.with(home).start("org.h2.tools.Server", "-tcp", "-tcpPort", "0", "-ifNotExists");
        String said = server.awaitLine("TCP server running at ");
        h2Port = Integer.parseInt(said.replaceAll(".*:(\\d+) .*", "$1"));
        h2 = server;
        Jvm program = Jvm.with(home)
                .agent("mode=enforce", "defaults.breaker.strategy=off", "defaults.deadline=300ms")
                .option("-Djdk.net.hosts.file=" + hosts.file())
                .option("-Djava.security.properties=" + hosts.memory())
                .start("dev.resilience.apps.JdbcPhases");
        program.awaitLine("ready");
        // the first calls load and weave what all need, the first that are cut as well
        for (String url : new String[] {postgres(Postgres.server().getPort()), h2(h2Port)}) {
            eventually("first calls", () -> program.call("connect 1 " + url).startsWith("connected*1 "));
            eventually("first calls", () -> {
                program.call("open " + CALLS + " " + url);
                return program.call("execute " + CALLS + " " + url + " select 1")
                        .startsWith("executed_true*" + CALLS);
            });
            program.call("close 0 " + url);
        }
        try (Relay relay = new Relay(Postgres.server().getPort())) {
            String url = postgres(relay.port());
            eventually("first calls", () -> program.call("pool 1 " + url).equals("ok"));
            program.call("open " + CALLS + " " + url);
            relay.swallow(true);
            program.call("execute " + CALLS + " " + url + " select 1");
            program.call("close 0 " + url);
        }
        running = new Phases(program, "JDBC", home);
    }

    private Phases phases() {
        return Objects.requireNonNull(running);
    }

    private String call(String burst) {
        return phases().program().call(burst);
    }

    @AfterParameterizedClassInvocation
    void nothingIsLeftOfAllOfThem() {
        try (Jvm server = Objects.requireNonNull(h2)) {
            assertThat(server.process().isAlive()).isTrue();
            phases().endWithNothingLeft();
        }
    }

    @Test
    void aPoolThatIsFull() {
        phases().areCut(
                        "connection from a full pool",
                        "cut_null*" + CALLS,
                        "full " + CALLS + " " + postgres(Postgres.server().getPort()));
        goesOn();
    }

    @Test
    void aPoolsTestOfAConnection() throws Exception {
        try (Relay relay = new Relay(Postgres.server().getPort())) {
            String url = postgres(relay.port());
            assertThat(call("pool " + CALLS + " " + url)).isEqualTo("ok");
            TimeUnit.MILLISECONDS.sleep(600); // HikariCP tests what was idle for half a second
            relay.swallow(true);

            phases().areCut("test of an idle connection, black hole", CONNECTING, "borrow " + CALLS + " " + url);

            relay.hangUp(true);
            assertThat(call("close 0 " + url)).isEqualTo("ok");
        }
        goesOn();
    }

    /** HikariCP sleeps for a second before it says that it failed. */
    @Test
    void aPoolsFirstConnection() {
        try (Relay relay = new Relay(Postgres.server().getPort())) {
            String url = taught(postgres(relay.port()));
            relay.swallow(true);

            phases().areCut(
                            "a pool's first connection, later than 1 s",
                            "cut_08001*" + POOLS,
                            1_000_000 + Phases.DEADLINE_MICROS,
                            "lazy " + POOLS + " " + url);

            eventually("connections ended", () -> relay.open() == 0);
        }
        goesOn();
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"PostgreSQL", "H2"})
    void aNameThatNeverResolves(String database) throws Exception {
        Resolver hosts = Objects.requireNonNull(resolver);
        hosts.answer();
        String url = taught(database.equals("H2") ? h2(NAME, h2Port) : postgres(NAME, port(database)));
        hosts.hang();
        TimeUnit.MILLISECONDS.sleep(1_100); // until the JDK has forgotten it

        phases().areCut("name, " + database, CONNECTING, "connect " + CALLS + " " + url);

        assertThat(call("resolving")).as("the agent's own thread").isEqualTo("1");
        hosts.answer();
        eventually("no thread left", () -> call("resolving").equals("0"));
        phases().answers("connected", "connect 1 " + url);
    }

    @Test
    void aConnectWhosePacketsAreLost() {
        try (Relay relay = new Relay(Relay.listener(1), Postgres.server().getPort())) {
            String url = taught(postgres(relay.port()));
            try (BlackHole hole = relay.deafen()) {
                assumeThat(hole.isBlack()).as("a queue that can be full").isTrue();

                phases().areCut("TCP connect, every packet lost", CONNECTING, "connect " + CALLS + " " + url);
            }
        }
        goesOn();
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"PostgreSQL", "H2"})
    void aServerThatSaysNothing(String database) {
        try (Relay relay = new Relay(port(database))) {
            String url = taught(url(database, relay));
            relay.swallow(true);

            phases().areCut("server accepts, says nothing, " + database, CONNECTING, "connect " + CALLS + " " + url);

            eventually("connections ended", () -> relay.open() == 0);
            relay.swallow(false);
            phases().answers("connected", "connect 1 " + url);
        }
    }

    /** It says that it speaks TLS, and no more; or that it does not, and then nothing to the startup packet. */
    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"S", "N"})
    void aHandshakeThatStalls(String answer) {
        try (Relay relay = new Relay(Postgres.server().getPort())) {
            String url = taught(postgres(relay.port()));
            relay.greet(answer);
            call("connect 1 " + url); // loads TLS

            phases().areCut(
                            answer.equals("S") ? "TLS handshake stalls" : "silence after the startup packet",
                            CONNECTING,
                            "connect " + CALLS + " " + url);

            eventually("connections ended", () -> relay.open() == 0);
            relay.greet("");
            phases().answers("connected", "connect 1 " + url);
        }
    }

    @Test
    void aStatementThatIsSlow() {
        String url = opened();
        phases().areCut("execute, slow", CANCELLED, "execute " + CALLS + " " + url + " select pg_sleep(20)");
        theSameGoOn(url);
    }

    @Test
    void aBatchThatIsSlow() {
        String url = opened();
        phases().areCut(
                        "executeBatch, slow",
                        CANCELLED,
                        "batch " + CALLS + " " + url
                                + " create temp table one (id text);insert into one select pg_sleep(20)");
        theSameGoOn(url);
    }

    @Test
    void aStatementThatWaitsForALock() throws Exception {
        try (Connection holder = DriverManager.getConnection(Postgres.url());
                Statement locking = holder.createStatement()) {
            locking.execute("create table if not exists held_by_phases (id int)");
            holder.setAutoCommit(false);
            locking.execute("lock table held_by_phases in access exclusive mode");
            String url = opened();
            phases().areCut(
                            "execute, waits for a lock",
                            CANCELLED,
                            "execute " + CALLS + " " + url + " select * from held_by_phases");
            noStatementIsLeft();
            holder.rollback();
            theSameGoOn(url);
        }
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"PostgreSQL", "H2"})
    void aStatementInABlackHole(String database) {
        try (Relay relay = new Relay(port(database))) {
            String url = url(database, relay);
            open(url);
            relay.swallow(true);

            phases().areCut("execute, black hole, " + database, GONE, "execute " + CALLS + " " + url + " select 1");

            eventually("connections ended", () -> relay.open() == 0);
            relay.swallow(false);
            call("close 0 " + url);
            phases().answers("connected", "connect 1 " + url);
        }
    }

    @Test
    void rowsThatStopComing() {
        String url = postgres(Postgres.server().getPort());
        String sql = "select case when i % 25 = 0 then pg_sleep(20)::text else 'x' end from generate_series(1, 50) i";
        cursors(url, sql);

        phases().areCut("next row, slow", CANCELLED, "next " + CALLS + " " + url);

        noStatementIsLeft();
        assertThat(call("close 0 " + url)).isEqualTo("ok");
        goesOn();
    }

    @Test
    void rowsInABlackHole() {
        try (Relay relay = new Relay(Postgres.server().getPort())) {
            String url = postgres(relay.port());
            cursors(url, "select * from generate_series(1, 50) i");
            relay.swallow(true);

            phases().areCut("next row, black hole", GONE, "next " + CALLS + " " + url);

            eventually("connections ended", () -> relay.open() == 0);
            call("close 0 " + url);
        }
        goesOn();
    }

    private String opened() {
        String url = postgres(Postgres.server().getPort());
        open(url);
        return url;
    }

    /** A busy machine may need more than the deadline for one of so many, and keeps those it has. */
    private void open(String url) {
        eventually("opened", () -> call("open " + CALLS + " " + url).equals("ok"));
    }

    private void cursors(String url, String sql) {
        eventually("cursors", () -> {
            call("open " + CALLS + " " + url);
            boolean all = call("cursor " + CALLS + " " + url + " " + sql).startsWith("at_20*" + CALLS);
            if (!all) {
                call("close 0 " + url);
            }
            return all;
        });
    }

    /** The connections of those that were cut are good for more. */
    private void theSameGoOn(String url) {
        noStatementIsLeft();
        eventually("those that were cut", () -> {
            call("open " + CALLS + " " + url);
            String ended = call("execute " + CALLS + " " + url + " select 1");
            assertThat(ended.split(" ", 2)[0].split(","))
                    .as("a busy machine may need more than the deadline, but nobody else's cancel hits them")
                    .allMatch(each -> each.startsWith("executed_true*") || each.startsWith("cut_"));
            return ended.startsWith("executed_true*" + CALLS);
        });
        assertThat(call("close 0 " + url)).isEqualTo("ok");
    }

    private static void noStatementIsLeft() {
        eventually(
                "statements ended",
                () -> Postgres.count("select count(*) from pg_stat_activity where state = 'active'"
                                + " and pid <> pg_backend_pid() and backend_type = 'client backend'")
                        == 0);
    }

    private void goesOn() {
        phases().answers("connected", "connect 1 " + postgres(Postgres.server().getPort()));
    }

    /** Opens a few connections there, so that it is known how long that takes. */
    private String taught(String url) {
        for (int i = 0; i < 3; i++) {
            phases().answers("connected", "connect 1 " + url);
        }
        return url;
    }

    private int port(String database) {
        return database.equals("H2") ? h2Port : Postgres.server().getPort();
    }

    private static String url(String database, Relay relay) {
        return database.equals("H2") ? h2(relay.port()) : postgres(relay.port());
    }

    private static String postgres(int port) {
        return postgres("127.0.0.1", port);
    }

    private static String postgres(String host, int port) {
        return "jdbc:postgresql://" + host + ":" + port + "/postgres?user=postgres";
    }

    private static String h2(int port) {
        return h2("127.0.0.1", port);
    }

    private static String h2(String host, int port) {
        return "jdbc:h2:tcp://" + host + ":" + port + "/mem:remote";
    }
}
