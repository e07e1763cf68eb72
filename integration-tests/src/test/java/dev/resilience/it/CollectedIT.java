package dev.resilience.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * A call that its caller dropped gives its permit back once nobody holds it. What the client itself goes on holding is
 * in flight: the JDK's keeps such calls on 25, and not on 17; so the agent's count is compared with the JDK's own.
 */
@Tag("unhurried")
class CollectedIT {
    /** The agent lets go of a call that is 30 s old, and looks once a second. */
    private static final int SECONDS = 34;

    @Test
    void collectedCallsAreNoLongerInFlight() throws Exception {
        try (RawHttpServer http = new RawHttpServer()) {
            List<Path> jdks = Jdks.all();
            List<Jvm> programs = new ArrayList<>();
            try {
                for (Path jdk : jdks) {
                    programs.add(Jvm.with(jdk)
                            .agent("mode=enforce", "drain=1s")
                            .noLibraries()
                            .start("dev.resilience.apps.Forgetful", http.url("/status/200")));
                }
                programs.forEach(program -> program.awaitLine("called"));
                for (int second = 0; second < SECONDS; second++) {
                    programs.forEach(program -> program.say(""));
                    TimeUnit.SECONDS.sleep(1);
                }
                for (int i = 0; i < programs.size(); i++) {
                    Jvm program = programs.get(i);
                    long held = held(jdks.get(i), program);
                    program.signal("TERM");
                    assertThat(program.awaitExit()).isEqualTo(143);
                    System.out.printf(
                            "collected, JDK %d: 20 calls dropped, %d held by the client%n",
                            Jdks.releaseOf(jdks.get(i)), held);
                    assertThat(program.errors())
                            .filteredOn(line -> line.startsWith("resilience: draining"))
                            .singleElement()
                            .asString()
                            .startsWith("resilience: draining " + held + " calls");
                }
            } finally {
                programs.forEach(Jvm::close);
            }
        }
    }

    /** How many calls the JDK's client has on the heap. */
    private static long held(Path jdk, Jvm program) throws Exception {
        Process jcmd = new ProcessBuilder(
                        jdk.resolve("bin/jcmd").toString(),
                        Long.toString(program.process().pid()),
                        "GC.class_histogram")
                .redirectErrorStream(true)
                .start();
        String histogram = new String(jcmd.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(jcmd.waitFor()).as(histogram).isZero();
        return histogram
                .lines()
                .filter(line -> line.matches(".* jdk\\.internal\\.net\\.http\\.MultiExchange( .*)?"))
                .mapToLong(line -> Long.parseLong(line.trim().split("\\s+", -1)[1]))
                .sum();
    }
}
