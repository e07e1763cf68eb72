package dev.resilience.benchmarks;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/** Measures every row, by one thread and by two, on each JDK that is asked for, and writes the report. */
public final class Measure {
    private static final String EVERYTHING = ".*";

    private static final String[] EVERY_JVM = {
        "-Xms512m", "-Xmx512m", "-XX:+UseParallelGC", "-Dcsp.sentinel.log.dir=target/sentinel"
    };

    /** How long it measures: {@code full} for figures to show, {@code quick} to see that everything runs. */
    enum Speed {
        FULL(2, 5, 2, 3, 400),
        QUICK(1, 1, 1, 1, 50);

        private final int forks;
        private final int forksOfPromised;
        private final int warmups;
        private final int measurements;
        private final int millis;

        Speed(int forks, int forksOfPromised, int warmups, int measurements, int millis) {
            this.forks = forks;
            this.forksOfPromised = forksOfPromised;
            this.warmups = warmups;
            this.measurements = measurements;
            this.millis = millis;
        }

        @Override
        public String toString() {
            return "forks: " + forks + ", of rows with a promise " + forksOfPromised + ", each with warm-ups: "
                    + warmups + ", measurements: " + measurements + ", of " + millis + " ms";
        }
    }

    private final Speed speed;
    private final Pattern wanted;
    private final Path results;

    private Measure(Speed speed, Pattern wanted, Path results) {
        this.speed = speed;
        this.wanted = wanted;
        this.results = results;
    }

    /**
     * Speed, JDK homes (divided as in a class path), a pattern of rows, where results go, the report. Only a full run of
     * everything writes the report that is shown; all others leave theirs with the results.
     */
    public static void main(String[] args) throws Exception {
        Speed speed = args[0].equals("quick") ? Speed.QUICK : Speed.FULL;
        Measure measure = new Measure(speed, Pattern.compile(args[2]), Path.of(args[3]));
        Files.createDirectories(measure.results);
        long start = System.nanoTime();
        String loadBefore = Machine.load();
        List<Run> runs = new ArrayList<>();
        for (String home : args[1].split(File.pathSeparator, -1)) {
            runs.add(measure.on(Path.of(home)));
        }
        Duration took = Duration.ofNanos(System.nanoTime() - start);
        String circumstances = Machine.describe() + ", load average " + loadBefore + " before and " + Machine.load()
                + " after; " + speed + "; " + took.toMinutes() + " min " + took.toSecondsPart() + " s in all";
        boolean toShow = speed == Speed.FULL && args[2].equals(EVERYTHING);
        Path report = toShow ? Path.of(args[4]) : measure.results.resolve("report.md");
        Files.writeString(report, new Report(circumstances, runs).text(), StandardCharsets.UTF_8);
        System.out.println("Report: " + report);
    }

    private Run on(Path home) throws Exception {
        String name = "jdk-" + home.toAbsolutePath().normalize().getFileName();
        List<Path> one = List.of(results.resolve(name + "-1-promised.json"), results.resolve(name + "-1.json"));
        List<Path> two = List.of(results.resolve(name + "-2-promised.json"), results.resolve(name + "-2.json"));
        Path shell = results.resolve(name + "-shell.json");
        for (Path old : List.of(one.get(0), one.get(1), two.get(0), two.get(1), shell)) {
            Files.deleteIfExists(old);
        }
        rows(home, 1, row -> true, one);
        rows(home, 2, Row::shared, two);
        if (wanted.matcher(ShellBenchmark.class.getSimpleName()).find()) {
            run(options(home).include(Pattern.quote(ShellBenchmark.class.getName())), shell);
        }
        return new Run(Results.read(one), Results.read(two), Results.read(List.of(shell)));
    }

    /** Compiled another time, code may be half as fast again: what is promised is the median of more JVMs. */
    private void rows(Path home, int threads, Predicate<Row> asked, List<Path> results) throws RunnerException {
        List<String> labels = Group.everyRow()
                .filter(asked)
                .map(Row::label)
                .filter(label -> label.equals(FloorRows.TWO_CLOCKS)
                        || wanted.matcher(label).find())
                .toList();
        rows(home, threads, labels.stream().filter(Promise.ROWS::contains), speed.forksOfPromised, results.get(0));
        rows(
                home,
                threads,
                labels.stream().filter(label -> !Promise.ROWS.contains(label)),
                speed.forks,
                results.get(1));
    }

    private void rows(Path home, int threads, Stream<String> labels, int forks, Path result) throws RunnerException {
        String[] rows = labels.toArray(String[]::new);
        if (rows.length > 0) {
            run(
                    options(home)
                            .forks(forks)
                            .include(Pattern.quote(RowBenchmark.class.getName()))
                            .param("row", rows)
                            .threads(threads),
                    result);
        }
    }

    private ChainedOptionsBuilder options(Path home) {
        return new OptionsBuilder()
                .jvm(home.resolve("bin/java").toString())
                .jvmArgs(EVERY_JVM)
                .forks(speed.forks)
                .warmupIterations(speed.warmups)
                .warmupTime(TimeValue.milliseconds(speed.millis))
                .measurementIterations(speed.measurements)
                .measurementTime(TimeValue.milliseconds(speed.millis))
                .shouldFailOnError(true)
                .addProfiler(GCProfiler.class)
                .addProfiler(CpuProfiler.class);
    }

    private static void run(ChainedOptionsBuilder options, Path result) throws RunnerException {
        new Runner(options.resultFormat(ResultFormatType.JSON)
                        .result(result.toString())
                        .build())
                .run();
    }
}
