package dev.resilience.scenarios;

import java.io.IOException;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** The runs that count, as tables of medians and ranges. */
final class Report {
    private static final String COMMAND = "mvn -q -B -Pscenarios -pl integration-tests/scenarios/runner -am package";

    private final Options options;
    private final List<Run> runs;
    private final List<String> thrownAway;
    private final boolean pinned;

    Report(Options options, List<Run> runs, List<String> thrownAway, boolean pinned) {
        this.options = options;
        this.runs = runs;
        this.thrownAway = thrownAway;
        this.pinned = pinned;
    }

    /** One run in a line, for who watches. */
    static String line(Run run, Timing timing) {
        Outcomes outcomes = run.outcomes();
        return String.format(
                Locale.ROOT,
                "A %3.0f %3.0f %3.0f, B %3.0f %3.0f %3.0f good/s before, during, after; back A %.1f B %.1f s;"
                        + " received %d+%d; service %.1f s CPU, lag %.1f ms, others %.2f",
                outcomes.goodput('a', 0, timing.faultFrom()),
                outcomes.goodput('a', timing.faultFrom(), timing.faultTo()),
                outcomes.goodput('a', timing.faultTo(), timing.length()),
                outcomes.goodput('b', 0, timing.faultFrom()),
                outcomes.goodput('b', timing.faultFrom(), timing.faultTo()),
                outcomes.goodput('b', timing.faultTo(), timing.length()),
                outcomes.recovery('a', timing.faultTo(), timing.length()),
                outcomes.recovery('b', timing.faultTo(), timing.length()),
                run.receivedByA().between(timing.faultFrom(), timing.faultTo()),
                run.receivedByA().between(timing.faultTo(), timing.length()),
                run.serviceSeconds(),
                outcomes.lagMillis(),
                run.others());
    }

    String text() throws IOException {
        Timing timing = options.timing();
        StringBuilder text = new StringBuilder("# Scenarios\n\n");
        text.append(paragraph(
                "One service jar, run bare, with resilience4j 2.4.0 written into it (its defaults; and tuned: slow 500 ms"
                        + " 50 %, failures 50 %, window 100, at least 20 calls, wait 5 s, 10 probes), and bare with"
                        + " `-javaagent:resilience.jar -Dresilience.mode=enforce` and nothing else. The service's page A"
                        + " asks dependency A, its page B asks dependency B by `java.net.http.HttpClient`; each dependency"
                        + " is " + Scenario.SERVERS + " servers of " + number(Scenario.MEAN_MILLIS)
                        + " ms (log-normal) behind one queue, so " + number(Scenario.capacity())
                        + " calls per second, and works on calls that nobody waits for any more. Users ask for A and B"
                        + " as two Poisson processes, whatever becomes of them. A run is "
                        + seconds(timing.length()) + " s after a warm-up of " + seconds(timing.warmUp())
                        + " s; A is ill from " + seconds(timing.faultFrom()) + " s to " + seconds(timing.faultTo())
                        + " s. B is never ill."));
        text.append(paragraph(
                "Good is an answer within 500 ms of the time the request was meant to be sent. Quantiles are of all"
                        + " outcomes, errors and requests still open at the end (" + seconds(timing.end())
                        + " s) too. Back is the time from the end of the fault until, in each of the next two seconds,"
                        + " 95 % are good. Received is what reached dependency A. Each figure is the median of the runs"
                        + " and, in brackets, their least and greatest; all builds of a round see the same users."));
        text.append("| | |\n|---|---|\n");
        row(text, "machine", Machine.description());
        row(text, "processors", pinned ? "0: generator and dependencies; 1: the service (`taskset`)" : "not pinned");
        row(text, "Java", "JDK " + options.jdk().version() + ", the service with `-Xmx512m`");
        row(text, "date", LocalDate.now(ZoneOffset.UTC).toString());
        row(text, "command", "`" + COMMAND + Options.given(System.getProperties()) + "`");
        row(
                text,
                "runs",
                runs.size() + " in " + options.rounds()
                        + " interleaved rounds; resilience4j's defaults in every other round");
        text.append('\n');
        if (options.quick()) {
            text.append(paragraph("**This was a quick look: runs that do not count are in these figures.**"));
        }
        if (options.builds().contains(Build.AGENT)) {
            goals(text);
        }
        for (Scenario scenario : options.scenarios()) {
            write(text, scenario);
        }
        text.append("## Thrown away\n\n");
        text.append(
                paragraph("A run counts only if the generator's own lag is 5 ms at most at P99, 1 % of the processors"
                        + " at most was stolen, and others used 0.2 processors at most; else it is repeated, "
                        + options.repeats() + " times at most and while there is time."));
        if (thrownAway.isEmpty()) {
            text.append("None.\n");
        }
        thrownAway.forEach(line -> text.append("- ").append(line).append('\n'));
        return text.toString();
    }

    private void goals(StringBuilder text) {
        text.append(
                "## What the agent must show\n\n| scenario | what | wanted | found | holds |\n|---|---|---:|---:|---|\n");
        for (Goal goal : Goal.values()) {
            if (options.scenarios().contains(goal.scenario())) {
                List<Run> of = of(goal.scenario(), Build.AGENT);
                row(
                        text,
                        goal.scenario().name(),
                        goal.text(),
                        goal.wanted(),
                        cell(of, run -> goal.figure(run, options.timing()), goal.decimals())
                                .replace("Infinity", "never"),
                        of.isEmpty()
                                ? "-"
                                : goal.holds(median(of, run -> goal.figure(run, options.timing()))) ? "yes" : "**no**");
            }
        }
        text.append('\n');
    }

    private void write(StringBuilder text, Scenario scenario) {
        Timing timing = options.timing();
        long from = timing.faultFrom();
        long to = timing.faultTo();
        long end = timing.length();
        text.append("## ").append(scenario.title()).append("\n\n");
        text.append(paragraph(scenario.text() + " Offered: A " + number(scenario.rateOfA()) + ", B "
                + number(Scenario.RATE_OF_B) + " requests per second. In the fault A can answer "
                + number(scenario.possible()) + " per second."));

        text.append("| build | runs | A good/s during | B good/s during | B good during, % | A good/s after"
                + " | B good/s after | A back, s | B back, s |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|\n");
        for (Build build : options.builds()) {
            List<Run> of = of(scenario, build);
            row(
                    text,
                    build.title(),
                    Integer.toString(of.size()),
                    cell(of, run -> run.outcomes().goodput('a', from, to), 0),
                    cell(of, run -> run.outcomes().goodput('b', from, to), 0),
                    cell(of, run -> 100 * run.outcomes().share('b', from, to), 1),
                    cell(of, run -> run.outcomes().goodput('a', to, end), 0),
                    cell(of, run -> run.outcomes().goodput('b', to, end), 0),
                    back(of, 'a'),
                    back(of, 'b'));
        }
        text.append("\n| build | good before, A / B % | A received/s during | after | unwaited for |"
                + " A errors | open at the end | service CPU, s |\n|---|---:|---:|---:|---:|---:|---:|---:|\n");
        for (Build build : options.builds()) {
            List<Run> of = of(scenario, build);
            row(
                    text,
                    build.title(),
                    cell(of, run -> 100 * run.outcomes().share('a', 0, from), 1) + " / "
                            + cell(of, run -> 100 * run.outcomes().share('b', 0, from), 1),
                    cell(of, run -> run.receivedByA().between(from, to) * 1e9 / (to - from), 0),
                    cell(of, run -> run.receivedByA().between(to, end) * 1e9 / (end - to), 0),
                    cell(of, run -> run.receivedByA().unwaited, 0),
                    cell(of, run -> run.outcomes().errors('a', 0, end), 0),
                    cell(
                            of,
                            run -> run.outcomes().open('a', 0, end)
                                    + run.outcomes().open('b', 0, end),
                            0),
                    cell(of, Run::serviceSeconds, 1));
        }
        text.append('\n');
        row(text, "latency of all outcomes during the fault, ms", "A P50", "P99", "P99.9", "B P50", "P99", "P99.9");
        row(text, "---", "---:", "---:", "---:", "---:", "---:", "---:");
        for (Build build : options.builds()) {
            List<Run> of = of(scenario, build);
            row(
                    text,
                    build.title(),
                    quantile(of, 'a', 0.5),
                    quantile(of, 'a', 0.99),
                    quantile(of, 'a', 0.999),
                    quantile(of, 'b', 0.5),
                    quantile(of, 'b', 0.99),
                    quantile(of, 'b', 0.999));
        }
        text.append('\n');
    }

    private List<Run> of(Scenario scenario, Build build) {
        return runs.stream()
                .filter(run -> run.scenario() == scenario && run.build() == build)
                .toList();
    }

    private String quantile(List<Run> of, char page, double quantile) {
        Timing timing = options.timing();
        return cell(of, run -> run.outcomes().millis(page, timing.faultFrom(), timing.faultTo(), quantile), 0);
    }

    private String back(List<Run> of, char page) {
        Timing timing = options.timing();
        return cell(of, run -> run.outcomes().recovery(page, timing.faultTo(), timing.length()), 1)
                .replace("Infinity", "never");
    }

    /** Median, and range when there is one. */
    private static String cell(List<Run> of, ToDoubleFunction<Run> figure, int decimals) {
        if (of.isEmpty()) {
            return "-";
        }
        double[] sorted = of.stream().mapToDouble(figure).sorted().toArray();
        String[] texts = Arrays.stream(new double[] {median(of, figure), sorted[0], sorted[sorted.length - 1]})
                .mapToObj(value -> String.format(Locale.ROOT, "%." + decimals + "f", value))
                .toArray(String[]::new);
        return texts[1].equals(texts[2]) ? texts[0] : texts[0] + " (" + texts[1] + "-" + texts[2] + ")";
    }

    private static double median(List<Run> of, ToDoubleFunction<Run> figure) {
        double[] sorted = of.stream().mapToDouble(figure).sorted().toArray();
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    private static void row(StringBuilder text, String... cells) {
        text.append("| ").append(String.join(" | ", cells)).append(" |\n");
    }

    /** Broken into lines that are easy to compare. */
    private static String paragraph(String sentences) {
        StringBuilder text = new StringBuilder();
        int column = 0;
        for (String word : sentences.split(" ", -1)) {
            if (column > 0 && column + word.length() > 128) {
                text.append('\n');
                column = 0;
            }
            text.append(column == 0 ? "" : " ").append(word);
            column += word.length() + 1;
        }
        return text.append("\n\n").toString();
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.0f", value);
    }

    private static String seconds(long nanos) {
        String text = String.format(Locale.ROOT, "%.1f", nanos / 1e9);
        return text.endsWith(".0") ? text.substring(0, text.length() - 2) : text;
    }
}
