package dev.resilience.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A shop that answers, then fails, hangs and dies, and callers that are given what it said before. */
@Tag("unhurried")
class SnapshotIT {
    /** For how many seconds the dead shop is asked at a fixed rate; the bound is only held to where it is said. */
    private static final Integer FIGURES = Integer.getInteger("resilience.snapshot.seconds");

    private static final int RATE = 500;

    static Stream<Path> jdks() {
        return Jdks.all().stream();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void givesWhatWasSaidBefore(Path jdk) {
        try (RawHttpServer shop = new RawHttpServer();
                EchoFixture stock = new EchoFixture();
                Jvm program = Jvm.with(jdk)
                        .agent(
                                "mode=enforce",
                                "defaults.breaker.strategy=consecutive",
                                "defaults.breaker.consecutive-failures=40",
                                "policies.shop.match.port=" + shop.port(),
                                "policies.shop.deadline=400ms",
                                "policies.shop.fallback.snapshot.max-age=10m",
                                "policies.stock.match.authority=" + stock.target(),
                                "policies.stock.deadline=4s",
                                "policies.stock.fallback.snapshot.max-age=10m")
                        .caller()) {
            String item = shop.url("/status/200?item=1");
            String target = stock.target();
            String said = "200 body of /status/200?item=1";
            String ofAnn = "http-as " + item + " ann";
            List<String> ways = Stream.of("http", "http-async", "http-stream", "http-lines")
                    .map(way -> way + " " + item)
                    .toList();
            // the first call of a JVM may take longer than the deadline
            await().atMost(Duration.ofSeconds(20))
                    .untilAsserted(() -> assertThat(program.call(ofAnn)).endsWith(said + " age unknown"));
            assertThat(program.call(ways.get(0))).endsWith(said);
            await().atMost(Duration.ofSeconds(20))
                    .untilAsserted(() -> assertThat(program.call("grpc " + target + " hello"))
                            .endsWith(" hello"));

            shop.failing(true);
            await().atMost(Duration.ofSeconds(20))
                    .untilAsserted(() -> assertThat(program.call(ofAnn)).contains(said + " age "));
            assertThat(program.call(ofAnn)).matches("ok \\d+ " + java.util.regex.Pattern.quote(said) + " age \\d+");
            assertThat(program.call("http-as " + item + " bob")).contains("503 ");
            ways.forEach(way -> assertThat(program.call(way)).as(way).endsWith(said));
            assertThat(program.call("http " + shop.url("/status/404"))).endsWith("404 body of /status/404");

            shop.hanging(true);
            for (String way : ways) {
                String answer = program.call(way);
                assertThat(answer).as(way).endsWith(said);
                assertThat(Long.parseLong(answer.split(" ", 3)[1])).as(way).isBetween(399_000L, 5_000_000L);
            }

            shop.close();
            for (int i = 0; i < 20; i++) {
                ways.forEach(way -> assertThat(program.call(way)).as(way).endsWith(said));
            }
            assertThat(program.call("http-as " + item + " bob")).contains("circuit_open");
            figures(jdk, program.call("http-steady " + item + " " + (FIGURES == null ? 1 : FIGURES)));

            stock.close();
            for (String way : List.of("grpc", "grpc-future", "grpc-async")) {
                await().atMost(Duration.ofSeconds(20))
                        .untilAsserted(() -> assertThat(program.call(way + " " + target + " hello"))
                                .startsWith("ok")
                                .contains("hello"));
            }
            assertThat(program.call("grpc " + target + " unheard of")).contains("UNAVAILABLE");
            assertThat(program.errors()).noneMatch(line -> line.contains("resilience: fault"));
        }
    }

    /** What a client shows in its handshake cannot be seen, so each is a caller of its own. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void keepsApartWhoShowsACertificate(Path jdk, @TempDir Path directory) throws Exception {
        Keys server = Keys.in(directory);
        Keys ann = Keys.in(directory, "ann");
        Keys bob = Keys.in(directory, "bob");
        try (StallingServer shop = new StallingServer(server.context());
                Jvm program = server.trustedBy(Jvm.with(jdk))
                        .agent("mode=enforce", "defaults.deadline=1m", "defaults.fallback.snapshot.max-age=10m")
                        .caller()) {
            String who = "https://127.0.0.1:" + shop.port() + "/who";
            String ofAnn = "http-certified " + who + " " + ann.file() + " " + ann.password();
            String ofBob = "http-certified " + who + " " + bob.file() + " " + bob.password();
            assertThat(program.call(ofAnn)).endsWith("200 CN=ann");
            shop.failing(true);
            assertThat(program.call(ofBob)).as("has asked nothing yet").endsWith("503 ");
            shop.failing(false);
            assertThat(program.call(ofBob)).endsWith("200 CN=bob");

            shop.failing(true);
            assertThat(program.call(ofAnn)).endsWith("200 CN=ann");
            assertThat(program.call(ofBob)).endsWith("200 CN=bob");
            assertThat(program.call("http " + who)).endsWith("503 ");
            shop.close();
            assertThat(program.call(ofBob)).endsWith("200 CN=bob");
            assertThat(program.call(ofAnn)).endsWith("200 CN=ann");
        }
    }

    private static void figures(Path jdk, String said) {
        assertThat(said).startsWith("ok");
        String[] words = said.split(" ", -1);
        long p999 = Long.parseLong(words[2].split("/", -1)[2]);
        long hiccup = Long.parseLong(words[4].split("/", -1)[2]);
        System.out.printf(
                "snapshots, JDK %d, a dead target asked %d times a second: P50/P99/P99.9/max %s us; hiccups %s us%n",
                Jdks.releaseOf(jdk), RATE, words[2], words[4]);
        if (FIGURES != null) {
            assertThat(p999 - hiccup).isLessThanOrEqualTo(1_000);
        }
    }
}
