package dev.resilience.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Work that goes on after its deadline's cancel is said, once for each place; work that the cancel ends is not. */
@Tag("waiting")
class LeakIT {
    private static final String PLACE = ", at dev.resilience.apps.Caller.stuck(Caller.java:";

    static Stream<Path> jdks() {
        return Jdks.all().stream();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void aBodyHandlerThatBlocksIsSaidOnce(Path jdk) {
        try (RawHttpServer server = new RawHttpServer();
                Jvm program = guarded(jdk)) {
            program.call("http " + server.url("/status/200"));
            // An answer that is there at once may be handled by the thread of the caller, which nothing can cut.
            // The handler takes longer than the first cut of a JVM whose classes a busy machine has still to load.
            String stuck = "http-stuck " + server.url("/slow/120") + " 1500";
            for (int i = 0; i < 3; i++) {
                assertThat(program.call(stuck)).contains("call cut: deadline_exhausted (100)");
            }
            Awaitility.await()
                    .atMost(Duration.ofSeconds(10))
                    .until(() -> !leaks(program, PLACE).isEmpty());
            Phases.eventually(
                    "the next call",
                    () -> program.call("http " + server.url("/status/200")).startsWith("ok "));
            assertThat(leaks(program, PLACE))
                    .singleElement()
                    .satisfies(line -> assertThat(line)
                            .contains("policy default, target http://127.0.0.1:" + server.port())
                            .contains(", thread HttpClient-1-Worker-")
                            .contains(" TIMED_WAITING"));
            assertThat(program.errors()).noneMatch(line -> line.contains("fault at"));
        }
    }

    /** Its cancel is lost as well, and its connection given up: that takes its time, and ends the work. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void aStatementInABlackHoleIsCutAndNotSaid(Path jdk) {
        try (Jvm program = guarded(jdk)) {
            // a caller that a busy machine does not wake within 50 ms is said too, but not each time
            boolean isSaid = true;
            for (int attempt = 0; isSaid && attempt < 3; attempt++) {
                isSaid = isSaidInABlackHole(program, jdk);
            }
            assertThat(isSaid).as("said each time").isFalse();
            assertThat(program.errors()).noneMatch(line -> line.contains("fault at"));
        }
    }

    private static boolean isSaidInABlackHole(Jvm program, Path jdk) {
        try (Relay relay = new Relay(Postgres.server().getPort())) {
            String target = "127.0.0.1:" + relay.port();
            String url = "jdbc:postgresql://" + target + "/postgres?user=postgres";
            Phases.eventually(
                    "connected", () -> program.call("kept " + url + " select 1").startsWith("ok "));
            int before = leaks(program, target).size();
            relay.swallow(true);

            String answer = program.call("kept " + url + " select 2");
            System.out.printf("statement in a black hole, deadline 300 ms, JDK %d: %s%n", Jdks.releaseOf(jdk), answer);

            assertThat(answer).startsWith("failed ").contains("call cut: deadline_exhausted (100)");
            return leaks(program, target).size() > before;
        }
    }

    /** A function of the application's own, within its database: no driver can end that, and so it gives its answer. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void aStatementThatRunsOnIsSaidWithItsThread(Path jdk) {
        try (Jvm program = guarded(jdk)) {
            String late = nap(program, 1_500);

            assertThat(late).startsWith("ok ");
            assertThat(Long.parseLong(late.split(" ", 3)[1])).isGreaterThan(1_500_000);

            assertThat(leaks(program, "target jdbc:h2:mem:leaks"))
                    .singleElement()
                    .satisfies(
                            line -> assertThat(line).contains(", at org.h2.").contains(", thread main TIMED_WAITING"));
            assertThat(program.errors()).noneMatch(line -> line.contains("fault at"));
        }
    }

    /** The call is over, but only its executor may say so. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void aCallWhoseExecutorIsHeldUpIsSaid(Path jdk) {
        try (StallingService server = new StallingService();
                StallingService first = new StallingService();
                Jvm program = setup(jdk).start("dev.resilience.apps.GrpcPhases")) {
            program.awaitLine("ready");
            Phases.eventually(
                    "first call",
                    () -> program.call("future plain 1 " + first.target() + " hello")
                            .startsWith("hello*1"));

            assertThat(program.call("future blocked 1 " + server.target() + " hang"))
                    .contains("DEADLINE_EXCEEDED");

            assertThat(leaks(program, "target " + server.target()))
                    .singleElement()
                    .satisfies(line -> assertThat(line).contains(", at a place unknown"));
            assertThat(program.errors()).noneMatch(line -> line.contains("fault at"));
        }
    }

    /** What is answered to a statement of {@code jdbc:h2:mem:leaks} that sleeps for so long, and hears no cancel. */
    static String nap(Jvm program, int millis) {
        String kept = "kept jdbc:h2:mem:leaks ";
        String alias = "create alias if not exists nap for 'java.lang.Thread.sleep(long)'";
        for (String database : new String[] {"kept jdbc:h2:mem:first ", kept}) { // the first loads all
            Phases.eventually("alias", () -> program.call(database + alias).startsWith("ok "));
        }
        return program.call(kept + "call nap(" + millis + ")");
    }

    private static Jvm guarded(Path jdk) {
        return setup(jdk).caller();
    }

    private static Jvm.Setup setup(Path jdk) {
        return Jvm.with(jdk).agent("mode=enforce", "defaults.breaker.strategy=off", "defaults.deadline=300ms");
    }

    /** A first call that takes its time on a busy machine is said as well. */
    private static List<String> leaks(Jvm program, String of) {
        return program.errors().stream()
                .filter(line -> line.startsWith("resilience: work goes on after its deadline") && line.contains(of))
                .toList();
    }
}
