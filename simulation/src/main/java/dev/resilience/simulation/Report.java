package dev.resilience.simulation;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.function.IntPredicate;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** What the runs of all policies come to, as Markdown; each figure the median of three seeds, with their range. */
final class Report {
    private static final long[] SEEDS = {1, 2, 3};

    private static final int DRAWN = 50;
    static final List<Setting> SETTINGS = List.of(Setting.MEDIUM, Setting.LARGE, Setting.SMALL, Setting.TINY);

    private record Key(Setting setting, Scenario scenario, Guard guard) {}

    private record Column(String title, ToDoubleFunction<Run> figure) {}

    private record Together(String title, ToDoubleFunction<Fleet> figure) {}

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

    private static final List<Column> RETRY_COLUMNS = List.of(
            new Column("A before, rps", run -> run.sick().goodBefore()),
            new Column("A during", run -> run.sick().goodDuring()),
            new Column("A after", run -> run.sick().goodAfter()),
            new Column("P99 A, ms", run -> run.sick().latencyMillis(0.99)),
            new Column("recovery A, s", run -> run.sick().recoverySeconds()),
            new Column("load A during, %", run -> 100 * run.sick().loadDuring()),
            new Column("load A, in all, %", run -> 100 * run.sick().load()));

    private final Map<Key, List<Run>> runs = new HashMap<>();
    private final Map<String, String> kept = new HashMap<>();

    /** All of it. */
    Report() {}

    /** What was written before, but for the policies that are to be played again and those that are new. */
    Report(String written, Predicate<String> again) {
        String heading = "";
        for (String line : written.lines().toList()) {
            if (line.startsWith("#")) {
                heading = line;
            } else if (line.startsWith("| ")) {
                String name = line.substring(2, line.indexOf(" |"));
                if (!again.test(name)) {
                    kept.put(heading + name, line + "\n");
                }
            }
        }
    }

    /** The tables, without what stands before them. */
    String tables() {
        StringBuilder text = new StringBuilder();
        text.append(overview())
                .append(brownouts())
                .append(fleet())
                .append(drawn())
                .append(retries());
        for (Setting setting : SETTINGS) {
            text.append("## ").append(setting.name()).append("\n\n");
            text.append(describe(setting)).append("\n\n");
            for (Scenario scenario : scenarios(setting)) {
                text.append(table(setting, scenario));
            }
        }
        return text.toString();
    }

    /** The large one takes most of the time, and differs from the others where limits have far to go. */
    private static List<Scenario> scenarios(Setting setting) {
        return setting.equals(Setting.LARGE)
                ? List.of(Scenario.HEALTHY, Scenario.BROWNOUT, Scenario.PATIENT_HANG)
                : Scenario.ALL;
    }

    static String heading(Setting setting, Scenario scenario) {
        return "### " + setting.name() + ": " + scenario.name();
    }

    /** One scenario in one setting. */
    String table(Setting setting, Scenario scenario) {
        return table(
                heading(setting, scenario),
                COLUMNS.stream().map(Column::title).toList(),
                guard -> COLUMNS.stream()
                        .map(column -> cell(setting, scenario, guard, column.figure))
                        .toList());
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
        return table(
                "## The 1000 rps dependency at a glance",
                shown.stream()
                        .map(s -> s.scenario.name() + ": " + s.column.title)
                        .toList(),
                guard -> shown.stream()
                        .map(s -> cell(Setting.MEDIUM, s.scenario, guard, s.column.figure))
                        .toList());
    }

    /** How much of what a dependency can still give is given. */
    private String brownouts() {
        return table(
                "## Brownout: goodput of A during it, as a percentage of what is left",
                SETTINGS.stream()
                        .map(setting -> String.format(Locale.ROOT, "%s, %.0f left", setting.name(), left(setting)))
                        .toList(),
                guard -> SETTINGS.stream()
                        .map(setting -> cell(
                                setting,
                                Scenario.BROWNOUT,
                                guard,
                                run -> 100 * run.sick().goodDuring() / left(setting)))
                        .toList());
    }

    /** Many guards before one dependency: whether they find what it can give together, and who gets it. */
    private String fleet() {
        return fleet(
                        "brownout",
                        Scenario.BROWNOUT,
                        List.of(
                                new Together("all before, rps", Fleet::goodBefore),
                                new Together("all, last 10 s of it", Fleet::goodSettled),
                                new Together("all at the end", Fleet::goodAtEnd),
                                new Together("least share", Fleet::leastShare),
                                new Together("greatest share", Fleet::greatestShare),
                                new Together(
                                        "converged after, s", fleet -> fleet.convergenceSeconds(left(Setting.MEDIUM)))))
                + fleet(
                        "brownout of five minutes",
                        Scenario.LONG_BROWNOUT,
                        List.of(
                                new Together("all, last third of it, rps", Fleet::goodInLastThird),
                                new Together("all at the end", Fleet::goodAtEnd),
                                new Together("least share", Fleet::leastShare),
                                new Together("greatest share", Fleet::greatestShare)));
    }

    private String fleet(String name, Scenario scenario, List<Together> columns) {
        return table(
                "## " + Fleet.CLIENTS + " clients of one dependency, " + name,
                columns.stream().map(Together::title).toList(),
                guard -> {
                    List<Fleet> fleets = Arrays.stream(SEEDS)
                            .mapToObj(seed -> Fleet.of(Setting.MEDIUM, scenario, guard, Fleet.CLIENTS, seed))
                            .toList();
                    return columns.stream()
                            .map(column -> cell(fleets.stream().mapToDouble(column.figure)))
                            .toList();
                });
    }

    /** Settings nobody chose: in how many of them each guard does what one would want. */
    private String drawn() {
        List<Drawn> draws = LongStream.rangeClosed(1, DRAWN).mapToObj(Drawn::of).toList();
        List<Run> bare = runs(draws, Guard.BARE);
        return table(
                "## " + DRAWN + " settings drawn at random",
                List.of(
                        "A alive again",
                        "neighbour as without a guard",
                        "A as without, during",
                        "A as without, after",
                        "nothing shed while healthy",
                        "most shed, %"),
                guard -> {
                    List<Run> guarded = guard.equals(Guard.BARE) ? bare : runs(draws, guard);
                    return List.of(
                            count(i -> Drawn.isAlive(guarded.get(i))),
                            count(i -> Drawn.neighbourLost(guarded.get(i), bare.get(i)) < 0.01),
                            count(i -> draws.get(i).lostDuring(guarded.get(i), bare.get(i)) < 0.02),
                            count(i -> Drawn.lostAfter(guarded.get(i), bare.get(i)) < 0.02),
                            count(i -> Drawn.shed(guarded.get(i)) <= 0.0001),
                            text(100
                                    * guarded.stream()
                                            .mapToDouble(Drawn::shed)
                                            .max()
                                            .orElseThrow()));
                });
    }

    private String table(String heading, List<String> titles, Function<Guard, List<String>> cells) {
        return table(heading, titles, Guard.ALL, Guard::name, cells);
    }

    private <T> String table(
            String heading,
            List<String> titles,
            List<T> rows,
            Function<T, String> name,
            Function<T, List<String>> cells) {
        StringBuilder text = new StringBuilder(heading).append("\n\n");
        text.append(row("policy", titles));
        text.append("|---").append("|---:".repeat(titles.size())).append("|\n");
        for (T each : rows) {
            String line = kept.get(heading + name.apply(each));
            text.append(line != null ? line : row(name.apply(each), cells.apply(each)));
        }
        return text.append('\n').toString();
    }

    /** Who makes a failed call again, in what trouble. */
    private String retries() {
        return "## Retries\n\n"
                + retries(Setting.MEDIUM, Scenario.RETRY_STORM)
                + retries(Setting.MEDIUM, Scenario.ERRORS)
                + retries(Setting.TIGHT, Scenario.ERRORS)
                + retries(Setting.TINY, Scenario.RETRY_STORM);
    }

    static String retriesHeading(Setting setting, Scenario scenario) {
        return "### Retries, " + setting.name() + ": " + scenario.name();
    }

    String retries(Setting setting, Scenario scenario) {
        record Row(String name, Guard guard, Route.Client client) {}
        return table(
                retriesHeading(setting, scenario),
                RETRY_COLUMNS.stream().map(Column::title).toList(),
                List.of(
                        new Row("no retries", Guard.BARE, Route.Client.ONCE),
                        new Row("the application's, once", Guard.BARE, Route.Client.USUAL),
                        new Row("ours", Guard.RETRIES, Route.Client.ONCE),
                        new Row("ours and the application's", Guard.RETRIES, Route.Client.USUAL),
                        new Row("adaptive: no retries", Guard.ADAPTIVE, Route.Client.ONCE),
                        new Row("adaptive: the application's, once", Guard.ADAPTIVE, Route.Client.USUAL),
                        new Row("adaptive: ours", Guard.ADAPTIVE_RETRIES, Route.Client.ONCE),
                        new Row("adaptive: ours and the application's", Guard.ADAPTIVE_RETRIES, Route.Client.USUAL)),
                Row::name,
                row -> RETRY_COLUMNS.stream()
                        .map(column -> cell(setting, scenario.with(row.client), row.guard, column.figure))
                        .toList());
    }

    private static String row(String first, List<String> cells) {
        return "| " + first + cells.stream().collect(Collectors.joining(" | ", " | ", " |\n"));
    }

    private static List<Run> runs(List<Drawn> draws, Guard guard) {
        return IntStream.range(0, draws.size())
                .parallel()
                .mapToObj(i -> draws.get(i).run(guard, i + 1))
                .toList();
    }

    private static String count(IntPredicate holds) {
        return Long.toString(IntStream.range(0, DRAWN).filter(holds).count());
    }

    static double left(Setting setting) {
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
        return cell(runs.computeIfAbsent(new Key(setting, scenario, guard), Report::run).stream()
                .mapToDouble(figure));
    }

    private static String cell(DoubleStream figures) {
        double[] values = figures.sorted().toArray();
        String median = text(values[values.length / 2]);
        String least = text(values[0]);
        String most = text(values[values.length - 1]);
        return least.equals(most) ? median : median + " (" + least + " to " + most + ")";
    }

    private static List<Run> run(Key key) {
        return Arrays.stream(SEEDS)
                .parallel()
                .mapToObj(seed -> Run.of(key.setting, key.scenario, key.guard, seed))
                .toList();
    }

    private static String text(double figure) {
        if (Double.isNaN(figure)) {
            return "-";
        }
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
}
