package dev.resilience.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
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
                String counts = commands.run(stall);
                if (stall.equals("counts")) {
                    TimeUnit.MILLISECONDS.sleep(1_500);
                    counts = commands.run("counts");
                }
                System.out.println("StallsIT, failing while: " + stall + " " + counts);
                assertThat(counts).as(stall).contains(OPEN);
            }
        }
    }

    private static Jvm steady(Path jdk, RawHttpServer server) {
        Jvm program = Jvm.with(jdk).agent("mode=enforce").start("dev.resilience.apps.Steady", server.url("/slow/5"));
        program.awaitLine("ready");
        return program;
    }

    private static void assertFine(String what, int run, String counts) {
        System.out.println("StallsIT, " + what + ", run " + run + ": " + counts);
        assertThat(counts).as(what).doesNotContain(OPEN);
    }

    /** Commands to the program, each with its answer. */
    private static final class Commands {
        private final Jvm program;
        private int sent;

        Commands(Jvm program) {
            this.program = program;
        }

        String run(String command) {
            program.say(command);
            return program.awaitLine(++sent + ": ");
        }
    }
}
