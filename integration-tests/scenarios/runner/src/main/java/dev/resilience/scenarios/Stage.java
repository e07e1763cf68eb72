package dev.resilience.scenarios;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** Two stubs and a generator, which stay, and a service of its own for each run. */
final class Stage {
    private static final int AROUND = 0;
    private static final int SERVICE = 1;
    private static final Duration START = Duration.ofSeconds(30);
    private static final Duration MARGIN = Duration.ofSeconds(10);

    private final Options options;
    private final Children children;
    private final Child a;
    private final Child b;
    private final Child generator;
    private final String portOfA;
    private final String portOfB;

    Stage(Options options, Children children) throws IOException, InterruptedException {
        this.options = options;
        this.children = children;
        this.a = stub("dependency-a", 1);
        this.b = stub("dependency-b", 2);
        this.generator = children.start("generator", AROUND, around(GeneratorProgram.class));
        this.portOfA = a.await("LISTENING ", START);
        this.portOfB = b.await("LISTENING ", START);
        generator.await("READY", START);
    }

    Run play(Scenario scenario, Build build, int round) throws IOException, InterruptedException {
        Timing timing = options.timing();
        Path script = options.directory().resolve("script-a");
        Path calm = options.directory().resolve("script-b");
        Path outcomes = options.directory()
                .resolve(String.format(
                        Locale.ROOT,
                        "%s-%s-%d.txt",
                        scenario.name(),
                        build.name().toLowerCase(Locale.ROOT),
                        round));
        Files.writeString(script, scenario.script(timing));
        Files.writeString(calm, "");

        Child service = children.start("service", SERVICE, service(scenario, build));
        try {
            String port = service.await("LISTENING ", START);
            List<Long> pids = List.of(ProcessHandle.current().pid(), a.pid(), b.pid(), generator.pid(), service.pid());
            Machine.Usage before = Machine.usage(pids);
            long start = System.nanoTime();
            long zero = start + timing.warmUp();
            a.say("begin " + zero + " " + script);
            b.say("begin " + zero + " " + calm);
            generator.say(String.format(
                    Locale.ROOT,
                    "run %s %d %f %f %d %d %d %d %s",
                    port,
                    zero,
                    scenario.rateOfA(),
                    Scenario.RATE_OF_B,
                    timing.warmUp(),
                    timing.length(),
                    timing.end(),
                    seed(scenario, round),
                    outcomes));
            generator.await("DONE ", Duration.ofNanos(timing.wholeNanos()).plus(MARGIN));
            double seconds = (System.nanoTime() - start) / 1e9;
            Machine.Usage after = Machine.usage(pids);
            double used = Machine.seconds(service.pid());
            return new Run(
                    scenario,
                    build,
                    round,
                    read(outcomes),
                    received(a),
                    received(b),
                    after.stolenSince(before),
                    after.othersSince(before, seconds),
                    used);
        } finally {
            children.end(service);
        }
    }

    /** The builds of one round meet the same users at the same times. */
    private static long seed(Scenario scenario, int round) {
        return 1_000L * scenario.name().hashCode() + round;
    }

    private static Outcomes read(Path file) throws IOException {
        try (Stream<String> lines = Files.lines(file)) {
            return new Outcomes(lines.map(Outcome::parse).toList());
        }
    }

    private static Received received(Child stub) throws IOException, InterruptedException {
        stub.say("report");
        return Received.parse(stub.await("RECEIVED ", START));
    }

    private Child stub(String name, int seed) throws IOException {
        List<String> command = around(StubProgram.class);
        command.add(Integer.toString(Scenario.SERVERS));
        command.add(Double.toString(Scenario.MEAN_MILLIS));
        command.add(Integer.toString(seed));
        return children.start(name, AROUND, command);
    }

    /** A program of ours; they share one processor, so the compilers and the collector are the small ones. */
    private List<String> around(Class<?> main) {
        return new ArrayList<>(List.of(
                options.jdk().java(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-Xms192m",
                "-Xmx192m",
                "-cp",
                System.getProperty("java.class.path"),
                main.getName()));
    }

    private List<String> service(Scenario scenario, Build build) {
        List<String> command = new ArrayList<>(List.of(options.jdk().java(), "-Xms512m", "-Xmx512m"));
        if (build == Build.AGENT) {
            command.add("-javaagent:" + options.agent());
            command.add("-Dresilience.mode=enforce");
        }
        command.addAll(List.of(
                "-jar",
                options.service().toString(),
                build.guard(),
                scenario.threads(),
                Integer.toString(scenario.timeoutMillis()),
                Integer.toString(scenario.attempts()),
                portOfA,
                portOfB));
        return command;
    }
}
