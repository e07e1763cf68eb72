package dev.resilience.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The strategy of {@code docs/strategies.md}, compiled as its author would, under the built jar. */
@Tag("unhurried")
class StrategyIT {
    private static final String REFUSED = "circuit_open (102)";

    @TempDir
    Path directory;

    private String source = "";

    static List<Path> jdks() {
        return Jdks.all();
    }

    @BeforeEach
    void readTheExample() throws IOException {
        Matcher example = Pattern.compile("```java\n(package com.example;.*?)```", Pattern.DOTALL)
                .matcher(Files.readString(Path.of("../docs/strategies.md")));
        assertThat(example.find()).isTrue();
        source = example.group(1);
    }

    private Path jar(String text) throws IOException {
        Path classes = Files.createDirectories(directory.resolve("classes"));
        Path services = Files.createDirectories(classes.resolve("META-INF/services"));
        Files.writeString(services.resolve("dev.resilience.spi.StrategyProvider"), "com.example.BudgetStrategy\n");
        Path file = Files.writeString(directory.resolve("BudgetStrategy.java"), text);
        Path spi = Jvm.agentJar().resolve("../../../spi/target/classes").normalize();
        Path jar = directory.resolve("budget.jar");
        run("javac", "--release", "17", "-cp", spi.toString(), "-d", classes.toString(), file.toString());
        run("jar", "--create", "--file", jar.toString(), "-C", classes.toString(), ".");
        return jar;
    }

    private static void run(String tool, String... arguments) {
        assertThat(ToolProvider.findFirst(tool).orElseThrow().run(System.out, System.err, arguments))
                .isZero();
    }

    private static Jvm caller(Path jdk, Path jar, String... more) {
        Jvm.Setup setup = Jvm.with(jdk)
                .agent(
                        "mode=enforce",
                        "strategies=" + jar,
                        "policies.stock.match.host=127.0.0.1",
                        "policies.stock.breaker.strategy=budget",
                        "policies.stock.breaker.open-for=1s",
                        "policies.stock.breaker.probes=1");
        for (String property : more) {
            setup.option("-Dresilience." + property);
        }
        return setup.caller();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void opensWhenItsBudgetIsUsedUpAndClosesAgain(Path jdk) throws IOException {
        try (RawHttpServer server = new RawHttpServer();
                Jvm program = caller(jdk, jar(source), "policies.stock.breaker.settings.failures=10")) {
            String call = "http " + server.url("/status/200");
            server.failing(true);
            for (int i = 0; i < 10; i++) {
                assertThat(program.call(call)).contains("503 body");
            }
            Awaitility.await().until(() -> program.call(call).contains(REFUSED));
            assertThat(program.call(call)).containsPattern("failures=1[0-9], budget=10");

            server.failing(false);
            Awaitility.await().until(() -> program.call(call).startsWith("ok "));
            assertThat(program.errors()).noneMatch(line -> line.startsWith("resilience: "));
            assertThat(program.finish()).isZero();
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void isRefusedWhenItWasBuiltForAnotherVersion(Path jdk) throws IOException {
        try (RawHttpServer server = new RawHttpServer();
                Jvm program = caller(jdk, jar(source.replace("return API_VERSION;", "return 99;")))) {
            assertThat(program.call("http " + server.url("/status/200"))).startsWith("ok ");
            assertThat(program.errors())
                    .anyMatch(line -> line.contains(
                            "was built for version 99 of strategies, and this agent understands version 1"));
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void admitsEveryCallWhenItFails(Path jdk) throws IOException {
        String faulty =
                source.replace("failures += interval", "if (budget > 0) throw new Error(); failures += interval");
        try (RawHttpServer server = new RawHttpServer();
                Jvm program = caller(jdk, jar(faulty), "policies.stock.breaker.settings.failures=1")) {
            server.failing(true);
            for (int i = 0; i < 50; i++) {
                assertThat(program.call("http " + server.url("/status/200"))).contains("503 body");
            }
            Awaitility.await()
                    .until(() -> program.errors().stream().anyMatch(line -> line.contains("fault at strategy/budget")));
            assertThat(program.errors().stream().filter(line -> line.contains("fault at")))
                    .hasSize(1);
        }
    }
}
