package dev.resilience.benchmarks;

import dev.resilience.benchmarks.Results.Measured;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What was measured, as tables: one for each group and number of threads, with the JDKs side by side. */
record Report(String circumstances, List<Run> runs) {
    /** Up to here a wall clock tells of two threads on two processors, and not of the neighbours. */
    private static final double QUIET = 0.35;

    private static final String HOW = """
            Nanoseconds for each operation: median (least–most) over the measured iterations of all forks. "CPU" is processor time of the
            whole process, with collector and compiler, over the operations done; neighbours do not lengthen it. "× clocks" compares
            medians with two `System.nanoTime` in the same run. B is bytes allocated for each operation. With two threads on one
            guard "wall" is the time of one operation on one thread, over the iterations in which everybody else used less than a third of
            a processor; where there were fewer than half of such, it is over all of them, has a star and is compared with nothing. What an agent costs at the
            start is in [start.md](start.md).

                mvn -Pbenchmarks -pl benchmarks -am -DskipTests verify -Dbenchmarks.jdks=/path/to/jdk-17:/path/to/jdk-25
            """;

    String text() {
        StringBuilder text = new StringBuilder("# Results\n\n");
        text.append("Generated; do not edit. ").append(circumstances).append(".\n\n");
        for (Run run : runs) {
            text.append("- ").append(run.one().jdk()).append('\n');
        }
        text.append('\n').append(HOW);
        promises(text);
        for (Group group : Group.ALL) {
            table(text, group.title() + ", one thread", labels(group, Run::one), this::oneThread, ONE_THREAD);
            table(text, group.title() + ", two threads", labels(group, Run::two), this::twoThreads, TWO_THREADS);
        }
        List<String> woven = runs.stream()
                .flatMap(run -> run.shell().rows().keySet().stream())
                .distinct()
                .toList();
        table(text, "The agent around a call: ShellBenchmark, one thread", woven, this::shell, ONE_THREAD);
        return text.toString();
    }

    private void promises(StringBuilder text) {
        text.append("\n## What it has to keep to\n\n");
        List<String> head = new ArrayList<>(List.of("what", "bound"));
        runs.forEach(run -> head.add(major(run.one().jdk())));
        line(text, head);
        text.append("|---|---").append("|--:".repeat(runs.size())).append("|\n");
        for (Promise promise : Promise.ALL) {
            List<String> line = new ArrayList<>(List.of(promise.what(), promise.bound()));
            for (Run run : runs) {
                double figure = promise.figure().applyAsDouble(run);
                String broken = promise.isKeptIn(run) ? "" : " **not kept**";
                line.add(Double.isNaN(figure) ? "–" : Sample.figure(figure) + broken);
            }
            line(text, line);
        }
    }

    private static final List<String> ONE_THREAD = List.of("CPU", "× clocks", "B");
    private static final List<String> TWO_THREADS = List.of("wall", "CPU", "× clocks", "B");

    private List<String> labels(Group group, Function<Run, Results> part) {
        return group.rows().stream()
                .map(Row::label)
                .filter(label -> runs.stream().anyMatch(run -> part.apply(run).row(label) != null))
                .toList();
    }

    private void table(
            StringBuilder text,
            String title,
            List<String> labels,
            BiFunction<Run, String, List<String>> cells,
            List<String> columns) {
        if (labels.isEmpty()) {
            return;
        }
        List<String> head = new ArrayList<>(List.of("one operation, ns"));
        for (Run run : runs) {
            String jdk = major(run.one().jdk());
            columns.forEach(column -> head.add(jdk + ": " + column));
        }
        text.append("\n## ").append(title).append("\n\n");
        line(text, head);
        text.append("|---").append("|--:".repeat(head.size() - 1)).append("|\n");
        for (String label : labels) {
            List<String> line = new ArrayList<>(List.of(shown(label)));
            for (Run run : runs) {
                line.addAll(cells.apply(run, label));
            }
            line(text, line);
        }
    }

    private static void line(StringBuilder text, List<String> cells) {
        text.append("| ").append(String.join(" | ", cells)).append(" |\n");
    }

    private List<String> oneThread(Run run, String label) {
        return cells(run.one(), run.one().row(label));
    }

    private List<String> shell(Run run, String label) {
        return cells(run.one(), run.shell().row(label));
    }

    private static List<String> cells(Results beside, @Nullable Measured measured) {
        if (measured == null) {
            return ONE_THREAD.stream().map(column -> "–").toList();
        }
        Measured clocks = beside.row(FloorRows.TWO_CLOCKS);
        String ratio = clocks == null
                ? "–"
                : ratio(measured.cpu().median() / clocks.cpu().median());
        return List.of(measured.cpu().toString(), ratio, bytes(measured));
    }

    private List<String> twoThreads(Run run, String label) {
        Measured measured = run.two().row(label);
        if (measured == null) {
            return TWO_THREADS.stream().map(column -> "–").toList();
        }
        Measured clocks = run.two().row(FloorRows.TWO_CLOCKS);
        String ratio = clocks != null && isQuiet(clocks) && isQuiet(measured)
                ? ratio(wall(measured).median() / wall(clocks).median())
                : "–";
        String star = isQuiet(measured) ? "" : " *";
        return List.of(wall(measured) + star, measured.cpu().toString(), ratio, bytes(measured));
    }

    static Sample wall(Measured measured) {
        return isQuiet(measured) ? measured.quiet(QUIET) : measured.wall();
    }

    private static boolean isQuiet(Measured measured) {
        return 2 * measured.quiet(QUIET).values().size()
                >= measured.wall().values().size();
    }

    /** Less than half a byte is what the iteration itself allocates, over very many operations. */
    private static String bytes(Measured measured) {
        return String.format(Locale.ROOT, "%,.0f", measured.bytes().median());
    }

    private static String ratio(double ratio) {
        return String.format(Locale.ROOT, "%.2f", ratio);
    }

    private static String shown(String label) {
        return label.startsWith("resilience.jar") || label.equals(FloorRows.TWO_CLOCKS) ? "**" + label + "**" : label;
    }

    private static String major(String jdk) {
        return jdk.substring(0, Math.min(2, jdk.length()));
    }
}
