package dev.resilience.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A chain whose first link asks another server, and whose last is an answer written down. */
@Tag("waiting")
class AlternateIT {
    private static final String DOWN = "http://127.0.0.1:1";

    static Stream<Path> jdks() {
        return Jdks.all().stream();
    }

    private static Jvm guarded(Path jdk, RawHttpServer shop, String alternate, String... more) {
        return agent(Jvm.with(jdk), shop, alternate, more).caller();
    }

    private static Jvm.Setup agent(Jvm.Setup jvm, RawHttpServer shop, String alternate, String... more) {
        List<String> properties = new ArrayList<>(List.of(
                "mode=enforce",
                "defaults.breaker.strategy=consecutive",
                "defaults.breaker.consecutive-failures=5",
                "policies.shop.match.port=" + shop.port(),
                "policies.shop.deadline=4s",
                "policies.shop.fallback.alternate.uri=" + alternate,
                "policies.shop.fallback.alternate.deadline=3s"));
        properties.addAll(List.of(more));
        return jvm.agent(properties.toArray(String[]::new));
    }

    /** The first call of a JVM may take longer than it may. */
    private static void warm(Jvm program, RawHttpServer shop) {
        Phases.eventually(
                "warm", () -> program.call("http " + shop.url("/status/200")).startsWith("ok "));
    }

    /** With an answer written down for where nobody answers. */
    private static Jvm guardedAtLast(Path jdk, RawHttpServer shop, String alternate, String... more) {
        List<String> properties = new ArrayList<>(List.of(more));
        properties.add("policies.shop.fallback.static.status=203");
        properties.add("policies.shop.fallback.static.body=last");
        return guarded(jdk, shop, alternate, properties.toArray(String[]::new));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void answersForATargetThatFailsHangsOrIsRefused(Path jdk) {
        try (RawHttpServer shop = new RawHttpServer();
                RawHttpServer backup = new RawHttpServer();
                Jvm program = guarded(jdk, shop, backup.url("/backup"))) {
            for (String kind : new String[] {"http", "http-async"}) {
                assertThat(program.call(kind + " " + shop.url("/status/503")))
                        .endsWith("200 body of /backup/status/503");
                String hung = program.call(kind + " " + shop.url("/hang?q=1"));
                assertThat(hung).endsWith("200 body of /backup/hang?q=1");
                assertThat(Long.parseLong(hung.split(" ", 3)[1])).isBetween(1_000_000L, 4_000_000L);
            }
            assertThat(program.call("http " + shop.url("/status/404"))).endsWith("404 body of /status/404");
            for (int i = 0; i < 5; i++) {
                program.call("http " + shop.url("/status/503"));
            }
            int reached = shop.requests().size();
            assertThat(program.call("http-post " + shop.url("/status/200") + " text"))
                    .endsWith("200 body of /backup/status/200");
            assertThat(shop.requests()).hasSize(reached);
            assertThat(backup.requests().get(backup.requests().size() - 1)).containsIgnoringCase("content-length: 4");
        }
    }

    /** By the client that made the call, so with what that trusts. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void isAskedOverTlsWhereTheClientTrustsIt(Path jdk, @TempDir Path directory) throws Exception {
        Keys keys = Keys.in(directory);
        try (RawHttpServer shop = new RawHttpServer();
                StallingServer backup = new StallingServer(keys.context())) {
            String alternate = "https://127.0.0.1:" + backup.port() + "/spare";
            try (Jvm program =
                    agent(keys.trustedBy(Jvm.with(jdk)), shop, alternate).caller()) {
                assertThat(program.call("http " + shop.url("/status/503"))).endsWith("200 done");
                assertThat(program.call("http-async " + shop.url("/status/503")))
                        .endsWith("200 done");
            }
            try (Jvm program = guarded(jdk, shop, alternate)) {
                warm(program, shop);
                assertThat(program.call("http " + shop.url("/status/503"))).endsWith("503 body of /status/503");
            }
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void leavesTheAnswerAsItWasWhereNoLinkAnswers(Path jdk) {
        try (RawHttpServer shop = new RawHttpServer();
                Jvm program = guarded(jdk, shop, DOWN)) {
            warm(program, shop);
            assertThat(program.call("http " + shop.url("/status/503"))).endsWith("503 body of /status/503");
            assertThat(program.call("http-async " + shop.url("/status/503"))).endsWith("503 body of /status/503");
            assertThat(program.call("http " + shop.url("/hang"))).contains("HttpTimeoutException");
        }
    }

    /** It has a guard of its own, which sees that it did not answer in time. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void isLeftInPeaceOnceItsOwnCircuitIsOpen(Path jdk) {
        try (RawHttpServer shop = new RawHttpServer();
                RawHttpServer backup = new RawHttpServer();
                Jvm program = guarded(
                        jdk,
                        shop,
                        backup.url("/backup"),
                        "defaults.breaker.open-for=1m",
                        "policies.shop.breaker.strategy=off",
                        "policies.shop.fallback.alternate.deadline=300ms")) {
            String get = "http " + shop.url("/status/503");
            Phases.eventually("warm", () -> program.call(get).endsWith("200 body of /backup/status/503"));
            int asked = backup.requests().size();
            backup.hanging(true);
            for (int i = 0; i < 5; i++) {
                assertThat(program.call(get)).endsWith("503 body of /status/503");
            }
            Phases.eventually("asked", () -> backup.requests().size() == asked + 5);
            backup.hanging(false);
            assertThat(program.call(get)).endsWith("503 body of /status/503");
            assertThat(backup.requests()).hasSize(asked + 5);
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void goesOnToTheNextLink(Path jdk) {
        try (RawHttpServer shop = new RawHttpServer();
                RawHttpServer backup = new RawHttpServer();
                Jvm program = guardedAtLast(jdk, shop, backup.url("/hang"))) {
            assertThat(program.call("http " + shop.url("/status/503"))).endsWith("203 last");
            assertThat(program.call("http-async " + shop.url("/hang"))).endsWith("203 last");
            backup.close();
            assertThat(program.call("http " + shop.url("/status/503"))).endsWith("203 last");
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void isForThoseOfWhomThePolicySaysSo(Path jdk) {
        try (RawHttpServer shop = new RawHttpServer();
                RawHttpServer backup = new RawHttpServer();
                Jvm program = guardedAtLast(
                        jdk,
                        shop,
                        backup.url("/backup"),
                        "policies.shop.fallback.alternate.when=header(\"x-tier\") == \"gold\"")) {
            for (String path : new String[] {"/status/503", "/hang"}) {
                String get = "http-request GET " + shop.url(path);
                assertThat(program.call(get + " x-tier gold")).endsWith("200 body of /backup" + path);
                assertThat(program.call(get + " x-tier tin")).endsWith("203 last");
                assertThat(program.call(get)).endsWith("203 last");
            }
            assertThat(backup.requests()).hasSize(2);
        }
    }

    /** The call itself has a second, the alternate five; less where the caller says so. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void takesNoLongerThanTheCallerWaits(Path jdk) {
        try (RawHttpServer shop = new RawHttpServer();
                RawHttpServer backup = new RawHttpServer();
                Jvm program = guardedAtLast(
                        jdk,
                        shop,
                        backup.url("/backup"),
                        "policies.shop.deadline=6s",
                        "policies.shop.fallback.alternate.deadline=5s")) {
            assertThat(program.call("http-timeout " + shop.url("/status/503") + " 20000"))
                    .endsWith("200 body of /backup/status/503");

            assertThat(program.call("http-timeout " + shop.url("/hang") + " 500"))
                    .endsWith("203 last");
            assertThat(backup.requests()).as("nothing was left").hasSize(1);

            backup.hanging(true);
            String late = program.call("http-timeout " + shop.url("/hang") + " 4000");
            assertThat(late).endsWith("203 last");
            assertThat(backup.requests()).as("three seconds were left").hasSize(2);
            assertThat(Long.parseLong(late.split(" ", 3)[1])).isBetween(4_000_000L, 7_000_000L);
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void answersForAGrpcServerThatFailsHangsOrIsRefused(Path jdk) {
        try (EchoFixture stock = new EchoFixture();
                EchoFixture backup = new EchoFixture();
                Jvm program = Jvm.with(jdk)
                        .agent(
                                "mode=enforce",
                                "defaults.breaker.strategy=consecutive",
                                "defaults.breaker.consecutive-failures=8",
                                "policies.stock.match.authority=" + stock.target(),
                                "policies.stock.deadline=4s",
                                "policies.stock.fallback.alternate.target=" + backup.target(),
                                "policies.stock.fallback.alternate.plaintext=true",
                                "policies.stock.fallback.alternate.deadline=2s")
                        .caller()) {
            stock.echo().failing(true);
            for (String kind : List.of("grpc", "grpc-future", "grpc-async")) {
                assertThat(program.call(kind + " " + stock.target() + " hello")).contains("hello");
            }
            stock.echo().failing(false);
            assertThat(program.call("grpc " + stock.target() + " hello")).endsWith(" hello");
            assertThat(backup.echo().calls()).isEqualTo(3);
            assertThat(program.call("grpc " + stock.target() + " fail NOT_FOUND"))
                    .contains("NOT_FOUND");
            assertThat(backup.echo().calls()).isEqualTo(3);
            assertThat(program.call("grpc " + stock.target() + " hang")).contains("DEADLINE_EXCEEDED");
            assertThat(backup.echo().calls()).isEqualTo(4);

            stock.echo().failing(true);
            for (int i = 0; i < 8; i++) {
                program.call("grpc " + stock.target() + " hello");
            }
            int reached = stock.echo().calls();
            for (String kind : List.of("grpc", "grpc-future", "grpc-async")) {
                assertThat(program.call(kind + " " + stock.target() + " refused"))
                        .contains("refused");
            }
            assertThat(stock.echo().calls()).isEqualTo(reached);
            backup.echo().failing(true);
            assertThat(program.call("grpc " + stock.target() + " hello")).contains("circuit_open");
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void ofGrpcIsAskedOverTlsWhereTheProgramTrustsIt(Path jdk, @TempDir Path directory) throws Exception {
        Keys keys = Keys.in(directory);
        try (EchoFixture stock = new EchoFixture();
                EchoFixture backup = new EchoFixture(keys)) {
            stock.echo().failing(true);
            String[] policy = {
                "mode=enforce",
                "policies.stock.match.authority=" + stock.target(),
                "policies.stock.deadline=26s",
                "policies.stock.fallback.alternate.target=" + backup.target(),
                "policies.stock.fallback.alternate.deadline=6s"
            };
            String say = "grpc " + stock.target() + " hello";
            try (Jvm program = keys.trustedBy(Jvm.with(jdk)).agent(policy).caller()) {
                assertThat(program.call(say)).endsWith(" hello");
                assertThat(backup.echo().calls()).isEqualTo(1);
            }
            try (Jvm program = Jvm.with(jdk).agent(policy).caller()) {
                assertThat(program.call(say)).contains("UNAVAILABLE");
                assertThat(backup.echo().calls()).isEqualTo(1);
            }
        }
    }
}
