package dev.resilience.deadlines;

import dev.resilience.scenarios.Child;
import dev.resilience.scenarios.Jdk;
import dev.resilience.scenarios.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Has every kind of calls made under every build, and writes the report. */
public final class Deadlines {
    /** More than the longest statement: what is not answered by then will not be. */
    private static final Duration PATIENCE = Duration.ofSeconds(35);

    private static final Duration SETTLING = Duration.ofSeconds(2);

    private final Options options;
    private final @Nullable Database database;
    private volatile @Nullable Child child;

    private Deadlines(Options options, @Nullable Database database) {
        this.options = options;
        this.database = database;
    }

    public static void main(String[] args) throws Exception {
        Options options = Options.from(System.getProperties());
        if (!Files.exists(options.agent())) {
            throw new IOException(options.agent() + " is not there: build it first");
        }
        boolean needsDatabase = options.kinds().stream().anyMatch(Kind::isStatement);
        try (Database database = needsDatabase ? new Database() : null) {
            Deadlines deadlines = new Deadlines(options, database);
            Runtime.getRuntime().addShutdownHook(new Thread(deadlines::endChild, "deadlines-end"));
            Report report = new Report(options, deadlines.runs());
            Files.writeString(options.report(), report.text());
            System.out.println("\n" + report.text() + "\nwritten to " + options.report());
        }
        System.exit(0); // what serves a caller that never let go may never end
    }

    private List<Run> runs() throws Exception {
        double minutes = 0;
        for (Kind kind : options.kinds()) {
            minutes += (options.callsOf(kind) + options.warmUpOf(kind)) / (60.0 * kind.perSecond()) + 0.1;
        }
        int each = options.builds().size() * options.jdks().size();
        System.out.printf(
                Locale.ROOT, "%d runs, %.0f minutes%n", each * options.kinds().size(), each * minutes);
        List<Run> runs = new ArrayList<>();
        for (Kind kind : options.kinds()) {
            for (Jdk jdk : options.jdks()) {
                for (Build build : options.builds()) {
                    Run run = run(kind, build, jdk);
                    System.out.printf(
                            Locale.ROOT,
                            "%-27s JDK %-8s %-34s late %s; beside the meter %s; stolen %.2f %%%n",
                            kind.title(),
                            jdk.version(),
                            build.title(),
                            run.figures().lateness().cells(),
                            run.figures().besideTheMeter().cells(),
                            100 * run.stolen());
                    runs.add(run);
                    // of a run that is interrupted, at least so much
                    Files.writeString(options.directory().resolve("report.md"), new Report(options, runs).text());
                }
            }
        }
        return runs;
    }

    private Run run(Kind kind, Build build, Jdk jdk) throws Exception {
        int warmUp = options.warmUpOf(kind);
        int calls = warmUp + options.callsOf(kind);
        Path file = options.directory().resolve("calls");
        try (Dependency dependency = dependency(kind, calls);
                Child program = start(kind, build, jdk, dependency.address(), calls, file)) {
            program.await("ready", Duration.ofMinutes(2));
            int before = threads(program)[0];
            List<Long> ours = List.of(ProcessHandle.current().pid(), program.pid());
            Machine.Usage usage = Machine.usage(ours);
            long start = System.nanoTime();
            program.say("call");
            program.await("called", Duration.ofSeconds(calls / kind.perSecond()).plus(PATIENCE.multipliedBy(2)));
            double seconds = (System.nanoTime() - start) / 1e9;
            Machine.Usage after = Machine.usage(ours);
            Thread.sleep(SETTLING.toMillis());

            Measured measured = Measured.read(file, warmUp, Options.DEADLINE.toNanos());
            int[] threads = threads(program);
            int open = dependency.open();
            program.say("end");
            return new Run(
                    kind,
                    build,
                    jdk,
                    measured.figures(dependency.seen()),
                    open,
                    threads[1],
                    threads[0] - before,
                    after.stolenSince(usage),
                    after.othersSince(usage, seconds));
        }
    }

    private Dependency dependency(Kind kind, int calls) throws IOException, SQLException {
        if (kind.isStatement()) {
            database().clear();
        }
        return switch (kind) {
            case HTTP -> new SilentHttp(calls);
            case GRPC -> new SilentGrpc(calls);
            case SLEEPING -> new SleepingDatabase(database(), calls);
            case SWALLOWED -> new SwallowingDatabase(database(), calls);
        };
    }

    private Database database() {
        Database there = database;
        if (there == null) {
            throw new IllegalStateException("no database was started");
        }
        return there;
    }

    private Child start(Kind kind, Build build, Jdk jdk, String address, int calls, Path file) throws IOException {
        List<String> command = new ArrayList<>(List.of(jdk.java(), "-Xmx512m"));
        if (build == Build.AGENT) {
            command.addAll(List.of(
                    "-javaagent:" + options.agent(),
                    "-Dresilience.mode=enforce",
                    "-Dresilience.defaults.deadline=" + Options.DEADLINE.toMillis() + "ms",
                    "-Dresilience.defaults.breaker.strategy=off"));
        }
        command.addAll(List.of(
                "-classpath",
                System.getProperty("java.class.path"),
                "com.example.caller.Caller",
                kind.work(),
                address,
                build.guard(),
                Long.toString(Options.DEADLINE.toMillis()),
                Integer.toString(calls),
                Integer.toString(kind.perSecond()),
                Long.toString(PATIENCE.toSeconds()),
                file.toString()));
        Path errors = options.directory().resolve("caller.err");
        Child started = new Child(
                "caller",
                new ProcessBuilder(command)
                        .redirectError(ProcessBuilder.Redirect.appendTo(errors.toFile()))
                        .start());
        child = started;
        return started;
    }

    private static int[] threads(Child program) throws IOException, InterruptedException {
        program.say("threads");
        String[] words = program.await("threads ", Duration.ofSeconds(30)).split(" ", 2);
        return new int[] {Integer.parseInt(words[0]), Integer.parseInt(words[1])};
    }

    private void endChild() {
        Child running = child;
        if (running != null) {
            running.close();
        }
    }
}
