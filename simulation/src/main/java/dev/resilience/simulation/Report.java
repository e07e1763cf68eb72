package dev.resilience.simulation;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/** What the runs of all policies come to, as Markdown; each figure the median of three seeds, with their range. */
final class Report {
    private static final long[] SEEDS = {1, 2, 3};

    static final List<Setting> SETTINGS = List.of(Setting.MEDIUM, Setting.LARGE, Setting.SMALL, Setting.TINY);

    private record Key(Setting setting, Scenario scenario, Guard guard) {}

    private record Column(String title, ToDoubleFunction<Run> figure) {}

    private static final List<Column> COLUMNS = List.of(
            new Column("A before, rps", run -> run.sick().goodBefore()),
            new Column("A during", run -> run.sick().goodDuring()),
            new Column("A after", run -> run.sick().goodAfter()),
            new Column("B during", run -> run.healthy().goodDuring()),
            new Column("B after", run -> run.healthy().goodAfter()),
            new Column("P50 A, ms", run -> run.sick().latencyMillis(0.5)),
            new Column("P99 A", run -> run.sick().latencyMillis(0.99)),
            new Column("P99 B", run -> run.healthy().latencyMillis(0.99)),
            new Column("recovery A, s", run -> run.sick().recoverySeconds()),
            new Column("recovery B", run -> run.healthy().recoverySeconds()),
            new Column("shed healthy, %", run -> 100 * run.sick().shedHealthy()),
            new Column("load A", run -> run.sick().load()));

    private final Map<Key, List<Run>> runs = new HashMap<>();

    /** The tables, without what stands before and between them. */
    String tables() {
        StringBuilder text = new StringBuilder();
        text.append(overview()).append(left());
        for (Setting setting : SETTINGS) {
            text.append("## ").append(setting.name()).append("\n\n");
            text.append(describe(setting)).append("\n\n");
            for (Scenario scenario : Scenario.ALL) {
                text.append(table(setting, scenario));
            }
        }
        return text.toString();
    }

    /** One scenario in one setting, under its heading. */
    String table(Setting setting, Scenario scenario) {
        StringBuilder text = new StringBuilder(heading(setting, scenario)).append("\n\n");
        row(text, "policy", COLUMNS.stream().map(Column::title).toList());
        rule(text, COLUMNS.size());
        for (Guard guard : Guard.ALL) {
            row(
                    text,
                    guard.name(),
                    COLUMNS.stream()
                            .map(column -> cell(setting, scenario, guard, column.figure))
                            .toList());
        }
        return text.append('\n').toString();
    }

    static String heading(Setting setting, Scenario scenario) {
        return "### " + setting.name() + ": " + scenario.name();
    }

    private String overview() {
        record Shown(Scenario scenario, Column column) {}
        List<Shown> shown = List.of(
                new Shown(Scenario.BROWNOUT, COLUMNS.get(1)),
                new Shown(Scenario.BROWNOUT, COLUMNS.get(3)),
                new Shown(Scenario.HANG, COLUMNS.get(3)),
                new Shown(Scenario.HANG, COLUMNS.get(8)),
                new Shown(Scenario.PATIENT_HANG, COLUMNS.get(3)),
                new Shown(Scenario.PATIENT_HANG, COLUMNS.get(8)),
                new Shown(Scenario.FAST_FAILURES, COLUMNS.get(8)),
                new Shown(Scenario.ERRORS, COLUMNS.get(1)),
                new Shown(Scenario.OUTAGE, COLUMNS.get(2)),
                new Shown(Scenario.RETRY_STORM, COLUMNS.get(1)),
                new Shown(Scenario.RETRY_STORM, COLUMNS.get(2)));
        StringBuilder text = new StringBuilder("## The 1000 rps dependency at a glance\n\n");
        row(
                text,
                "policy",
                shown.stream()
                        .map(s -> s.scenario.name() + ": " + s.column.title)
                        .toList());
        rule(text, shown.size());
        for (Guard guard : Guard.ALL) {
            row(
                    text,
                    guard.name(),
                    shown.stream()
                            .map(s -> cell(Setting.MEDIUM, s.scenario, guard, s.column.figure))
                            .toList());
        }
        return text.append('\n').toString();
    }

    /** The question of a brownout: how much of what the dependency can still give is given. */
    private String left() {
        StringBuilder text =
                new StringBuilder("## Brownout: goodput of A during it, as a percentage of what is left\n\n");
        row(
                text,
                "policy",
                SETTINGS.stream()
                        .map(setting -> String.format(Locale.ROOT, "%s, %.0f left", setting.name(), left(setting)))
                        .toList());
        rule(text, SETTINGS.size());
        for (Guard guard : Guard.ALL) {
            row(
                    text,
                    guard.name(),
                    SETTINGS.stream()
                            .map(setting -> cell(
                                    setting,
                                    Scenario.BROWNOUT,
                                    guard,
                                    run -> 100 * run.sick().goodDuring() / left(setting)))
                            .toList());
        }
        return text.append('\n').toString();
    }

    private static double left(Setting setting) {
        double slowness = Scenario.BROWNOUT.faults().get(0).size();
        return Math.min(setting.rate(), setting.capacity() / slowness);
    }

    private static String describe(Setting setting) {
        return String.format(
                Locale.ROOT,
                "%s for each dependency of %d servers x %d ms (%.0f rps at most), a service of %d threads.",
                setting.name(),
                setting.servers(),
                setting.serviceNanos() / 1_000_000,
                setting.capacity(),
                setting.threads());
    }

    private String cell(Setting setting, Scenario scenario, Guard guard, ToDoubleFunction<Run> figure) {
        double[] values = runs.computeIfAbsent(new Key(setting, scenario, guard), Report::run).stream()
                .mapToDouble(figure)
                .sorted()
                .toArray();
        String median = text(values[values.length / 2]);
        String least = text(values[0]);
        String most = text(values[values.length - 1]);
        return least.equals(most) ? median : median + " (" + least + " to " + most + ")";
    }

    private static List<Run> run(Key key) {
        return Arrays.stream(SEEDS)
                .mapToObj(seed -> Run.of(key.setting, key.scenario, key.guard, seed))
                .toList();
    }

    private static String text(double figure) {
        if (Double.isInfinite(figure)) {
            return "never";
        }
        if (figure == 0 || figure >= 100) {
            return String.format(Locale.ROOT, "%.0f", figure);
        }
        return figure >= 1
                ? String.format(Locale.ROOT, "%.1f", figure).replace(".0", "")
                : String.format(Locale.ROOT, "%.3f", figure);
    }

    private static void row(StringBuilder text, String first, List<String> cells) {
        text.append("| ").append(first).append(cells.stream().collect(Collectors.joining(" | ", " | ", " |\n")));
    }

    private static void rule(StringBuilder text, int columns) {
        text.append("|---").append("|---:".repeat(columns)).append("|\n");
    }
}
