package dev.resilience.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.tools.attach.VirtualMachine;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** How the agent starts, does not start, and fails to: the application runs in any case. */
@Tag("unhurried")
class StartIT {
    private static final String[] POLICY = {
        "mode=enforce", "defaults.breaker.strategy=consecutive", "defaults.breaker.open-for=60s",
    };

    @TempDir
    private Path directory;

    static Stream<Path> jdks() {
        return Jdks.all().stream();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void theOffSwitchLeavesNothingBehind(Path jdk) {
        for (Jvm.Setup setup : List.of(
                Jvm.with(jdk).agent(POLICY).agent("enabled=false"),
                Jvm.with(jdk).agent(POLICY).variable("RESILIENCE_ENABLED", "false"))) {
            try (RawHttpServer server = new RawHttpServer();
                    Jvm program = setup.caller()) {
                for (int i = 0; i < 10; i++) {
                    assertThat(program.call("http " + server.url("/status/503")))
                            .contains("503 body");
                }
                assertThat(program.call("threads")).doesNotContain("resilience");
                assertThat(program.finish()).isZero();
                assertThat(program.errors()).isEmpty();
            }
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void namedFourTimesItStartsOnce(Path jdk) {
        String again = "-javaagent:" + Jvm.agentJar();
        try (RawHttpServer server = new RawHttpServer();
                Jvm program = Jvm.with(jdk)
                        .agent(POLICY)
                        .agent()
                        .variable("JAVA_TOOL_OPTIONS", again)
                        .variable("JDK_JAVA_OPTIONS", again)
                        .caller()) {
            assertGuarded(program, "http " + server.url("/status/503"), "503 body");
            assertThat(Arrays.stream(program.call("threads").split(",", -1)).filter("resilience-control"::equals))
                    .hasSize(1);
            assertThat(program.finish()).isZero();
            assertThat(told(program)).isEmpty();
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void toolsOfTheJdkWorkInSilence(Path jdk) throws Exception {
        Path source = Files.writeString(directory.resolve("A.java"), "class A {}");
        for (String command : List.of(
                "javac -d " + directory + " " + source,
                "jcmd -l",
                "keytool -genkeypair -alias a -dname CN=a -keyalg EC -storepass changeit -keystore "
                        + directory.resolve("keys"),
                "jshell -s",
                "jar cf " + directory.resolve("a.jar") + " -C " + directory + " A.class")) {
            String[] words = command.split(" ", -1);
            words[0] = jdk.resolve("bin/" + words[0]).toString();
            ProcessBuilder tool = new ProcessBuilder(words).redirectErrorStream(true);
            tool.environment().put("JAVA_TOOL_OPTIONS", "-javaagent:" + Jvm.agentJar());
            Process process = tool.start();
            try (var input = process.outputWriter(StandardCharsets.UTF_8)) {
                input.write("System.out.println(6 * 7)\n/exit\n");
            } catch (IOException gone) {
                assertThat(command).isNotEqualTo("jshell -s"); // the others read nothing
            }
            List<String> lines = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
            assertThat(process.waitFor()).as("%s: %s", command, lines).isZero();
            assertThat(lines).as(command).noneMatch(line -> line.startsWith("resilience"));
            if (command.equals("jshell -s")) {
                assertThat(lines).anyMatch(line -> line.contains("42"));
            }
        }
        assertThat(directory.resolve("A.class")).exists();
        assertThat(directory.resolve("keys")).exists();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void aJvmOfTheFewestModulesRuns(Path jdk) {
        try (Jvm program = Jvm.with(jdk)
                .noLibraries()
                .option("--limit-modules")
                .option("java.base,java.instrument")
                .agent(POLICY)
                .start("dev.resilience.apps.Hello")) {
            assertThat(program.finish()).isZero();
            assertThat(program.output()).containsExactly("Hello, world");
            assertThat(program.errors())
                    .as("that nothing can be done on a signal is the only thing said")
                    .hasSize(2)
                    .allMatch(line -> line.matches("resilience: SIG(USR1|TERM) cannot be handled .*sun.misc.Signal.*"));
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void classDataSharingIsNotDisturbed(Path jdk) {
        try (RawHttpServer server = new RawHttpServer();
                Jvm program = Jvm.with(jdk).agent(POLICY).option("-Xshare:auto").caller()) {
            assertGuarded(program, "http " + server.url("/status/503"), "503 body");
            assertThat(program.errors()).isEmpty();
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void clientsAlreadyUsedAreGuardedAfterAttaching(Path jdk) throws Exception {
        Jvm.Setup setup = Jvm.with(jdk);
        for (String property : POLICY) {
            setup.option("-Dresilience." + property);
        }
        try (RawHttpServer http = new RawHttpServer();
                EchoFixture grpc = new EchoFixture();
                Jvm program = setup.caller()) {
            String httpCall = "http " + http.url("/status/503");
            String grpcCall = "grpc " + grpc.target() + " fail UNAVAILABLE";
            String sqlCall = "kept " + Postgres.url() + " do $$ begin raise exception using errcode = '53200'; end $$";
            for (int i = 0; i < 10; i++) {
                assertThat(program.call(httpCall)).contains("503 body");
                assertThat(program.call(grpcCall)).contains("as told");
                assertThat(program.call(sqlCall)).contains("[53200]");
            }
            VirtualMachine machine =
                    VirtualMachine.attach(Long.toString(program.process().pid()));
            machine.loadAgent(Jvm.agentJar().toString());
            machine.detach();

            assertGuarded(program, httpCall, "503 body");
            assertGuarded(program, grpcCall, "as told");
            assertGuarded(program, sqlCall, "[53200]");
            assertThat(told(program)).isEmpty();
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void aClientThatAnEarlierAgentUsedIsGuarded(Path jdk) throws IOException {
        Path early = directory.resolve("early.jar");
        Jars.copy(
                Path.of(System.getProperty("resilience.faults")),
                early,
                manifest -> manifest.putValue("Premain-Class", "dev.resilience.faults.EarlyClient"),
                Jars.ALL);
        try (RawHttpServer server = new RawHttpServer();
                Jvm program = Jvm.with(jdk)
                        .option("-javaagent:" + early + "=" + server.url("/status/200"))
                        .agent(POLICY)
                        .caller()) {
            assertThat(server.requests()).hasSize(1);
            assertGuarded(program, "http " + server.url("/status/503"), "503 body");
            assertThat(told(program)).isEmpty();
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void whereNothingMayBeDefinedInJavaLangAnAppendedJarServes(Path jdk) throws IOException {
        Path forbidding = directory.resolve("forbidding.jar");
        Jars.copy(
                Path.of(System.getProperty("resilience.faults")),
                forbidding,
                manifest -> {
                    manifest.putValue("Premain-Class", "dev.resilience.faults.NoInjection");
                    manifest.putValue("Can-Retransform-Classes", "true");
                },
                Jars.ALL);
        try (RawHttpServer http = new RawHttpServer();
                EchoFixture grpc = new EchoFixture();
                Jvm program = Jvm.with(jdk)
                        .option("-javaagent:" + forbidding)
                        .alsoOnClassPath(org.objectweb.asm.ClassReader.class)
                        .agent(POLICY)
                        .caller()) {
            assertGuarded(program, "http " + http.url("/status/503"), "503 body");
            assertGuarded(program, "grpc " + grpc.target() + " fail UNAVAILABLE", "as told");
            assertThat(told(program))
                    .containsExactly("resilience: appending to the boot class path, as defining"
                            + " java.lang.ResilienceDispatch failed: java.lang.SecurityException: not in java.lang");
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void aJarThatLostPartsSaysThatNothingIsGuarded(Path jdk) throws IOException {
        Path hollow = directory.resolve("hollow.jar");
        Jars.copy(Jvm.agentJar(), hollow, manifest -> {}, (name, content) -> name.startsWith("inst/") ? null : content);
        assertNotStarted(jdk, hollow, "the agent must be a jar of its own, unchanged; this is " + hollow);

        Path half = directory.resolve("half.jar");
        Jars.copy(
                Jvm.agentJar(),
                half,
                manifest -> {},
                (name, content) ->
                        name.endsWith("/Startup.classdata") ? Arrays.copyOf(content, content.length / 2) : content);
        assertNotStarted(jdk, half, "ClassFormatError");

        Path late = directory.resolve("late.jar");
        Jars.copy(
                Jvm.agentJar(),
                late,
                manifest -> {},
                (name, content) -> name.endsWith("/weaving/NameGate.classdata") ? null : content);
        assertNotStarted(jdk, late, "NameGate");
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void aJarRepackedWithTheApplicationStillGuards(Path jdk) throws IOException {
        Path uber = directory.resolve("uber.jar");
        Jars.copyWith(Jvm.agentJar(), uber, Path.of(System.getProperty("resilience.apps")));
        Jvm.Setup setup = Jvm.with(jdk).option("-javaagent:" + uber).firstOnClassPath(uber);
        for (String property : POLICY) {
            setup.option("-Dresilience." + property);
        }
        try (RawHttpServer server = new RawHttpServer();
                Jvm program = setup.caller()) {
            assertGuarded(program, "http " + server.url("/status/503"), "503 body");
            assertThat(program.errors()).isEmpty();
        }
    }

    private static void assertNotStarted(Path jdk, Path jar, String reason) {
        Jvm.Setup setup = Jvm.with(jdk).option("-javaagent:" + jar);
        for (String property : POLICY) {
            setup.option("-Dresilience." + property);
        }
        try (RawHttpServer server = new RawHttpServer();
                Jvm program = setup.caller()) {
            for (int i = 0; i < 10; i++) {
                assertThat(program.call("http " + server.url("/status/503"))).contains("503 body");
            }
            assertThat(program.finish()).isZero();
            assertThat(program.errors())
                    .hasSize(1)
                    .first()
                    .asString()
                    .startsWith("resilience: not started, no call is guarded: ")
                    .contains(reason);
        }
    }

    private static void assertGuarded(Jvm program, String call, String failure) {
        for (int i = 0; i < 5; i++) {
            assertThat(program.call(call)).contains(failure);
        }
        assertThat(program.call(call)).contains("circuit_open (102)");
    }

    /** What the agent printed, and not the JVM. */
    private static List<String> told(Jvm program) {
        return program.errors().stream()
                .filter(line -> line.startsWith("resilience"))
                .toList();
    }
}
