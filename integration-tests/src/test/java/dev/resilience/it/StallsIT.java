package dev.resilience.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A process that stands still is not blamed on what it calls: the breaker stays closed, though calls that were under way
 * time out or take long; and a real fault in the same seconds still opens it.
 *
 * <p>{@code -Dstalls.runs=20} for more of each.
 */
class StallsIT {
    private static final int RUNS = Integer.getInteger("stalls.runs", 1);
    private static final String OPEN = "circuit_open";

    static Stream<Path> jdks() {
        return Jdks.all().stream();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void areNotTheTargetsFault(Path jdk) throws Exception {
        try (RawHttpServer server = new RawHttpServer();
                Jvm program = steady(jdk, server)) {
            Commands commands = new Commands(program);
            TimeUnit.SECONDS.sleep(2);
            assertThat(commands.run("counts")).as("at peace").contains("200=").doesNotContain(OPEN);
            for (int run = 1; run <= RUNS; run++) {
                program.signal("STOP");
                TimeUnit.SECONDS.sleep(3);
                program.signal("CONT");
                TimeUnit.MILLISECONDS.sleep(500);
                assertFine("frozen for 3 s", run, commands.run("counts"));
                assertFine("collecting garbage", run, commands.run("gc 1000"));
                assertFine("short of processors", run, commands.run("hog 1000"));
            }
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void hideNoFaultOfTheTarget(Path jdk) throws Exception {
        for (String stall : new String[] {"counts", "gc 1500", "hog 1500"}) {
            try (RawHttpServer server = new RawHttpServer();
                    Jvm program = steady(jdk, server)) {
                Commands commands = new Commands(program);
                TimeUnit.SECONDS.sleep(1);
                if (stall.equals("counts")) {
                    program.signal("STOP");
                    TimeUnit.SECONDS.sleep(1);
                    program.signal("CONT");
                }
                server.failing(true);
                String counts = "";
                // on a slow machine a second and a half is not enough for twenty calls that nothing held up
                for (int run = 0; run < 6 && !counts.contains(OPEN); run++) {
                    if (stall.equals("counts")) {
                        TimeUnit.MILLISECONDS.sleep(1_500);
                    }
                    counts = commands.run(stall);
                }
                System.out.println("StallsIT, failing while: " + stall + " " + counts);
                assertThat(counts).as(stall).contains(OPEN);
            }
        }
    }

    /** How late a process runs that is short of processors depends on the machine, so that is only printed. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void standOnTheSpans(Path jdk) throws Exception {
        try (OtlpReceiver receiver = new OtlpReceiver();
                RawHttpServer server = new RawHttpServer();
                Jvm program = steady(
                        Jvm.with(jdk).agent("mode=enforce").option("-Dotel.exporter.otlp.endpoint=" + receiver.url()),
                        server.url("/slow/200"))) {
            Commands commands = new Commands(program);
            assertThat(commands.run("hog 3000")).doesNotContain(OPEN);
            System.out.println("StallsIT, late while short of processors, ms: "
                    + receiver.spans().stream()
                            .mapToDouble(StallsIT::stalledMillis)
                            .max()
                            .orElse(0));
            program.signal("STOP");
            TimeUnit.SECONDS.sleep(3);
            program.signal("CONT");

            Awaitility.await()
                    .atMost(Duration.ofSeconds(20))
                    .until(() -> receiver.spans().stream()
                            .anyMatch(span -> stalledMillis(span) > 2_000
                                    && span.attributes().containsKey("resilience.stall.set_aside")));
            assertThat(commands.run("counts")).doesNotContain(OPEN);
            SeenSpan told = receiver.spans().stream()
                    .filter(span -> span.attributes().containsKey("resilience.stall.set_aside"))
                    .findFirst()
                    .orElseThrow();
            System.out.println("StallsIT, on a span: " + told.attributes());
            assertThat(told.attributes())
                    .containsEntry("resilience.decision", "admitted")
                    .containsEntry("circuit_breaker.state", "CLOSED")
                    .hasEntrySatisfying(
                            "resilience.stall.set_aside",
                            counts -> assertThat(counts.toString()).matches("failures=[0-9]+/[1-9][0-9]*"));
        }
    }

    private static double stalledMillis(SeenSpan span) {
        return span.attributes().get("resilience.stall.ms") instanceof Number millis ? millis.doubleValue() : 0;
    }

    private static Jvm steady(Path jdk, RawHttpServer server) {
        return steady(Jvm.with(jdk).agent("mode=enforce"), server.url("/slow/5"));
    }

    private static Jvm steady(Jvm.Setup setup, String url) {
        Jvm program = setup.start("dev.resilience.apps.Steady", url);
        program.awaitLine("ready");
        return program;
    }

    private static void assertFine(String what, int run, String counts) {
        System.out.println("StallsIT, " + what + ", run " + run + ": " + counts);
        assertThat(counts).as(what).doesNotContain(OPEN);
    }
}
