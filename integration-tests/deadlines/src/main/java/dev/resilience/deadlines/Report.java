package dev.resilience.deadlines;

import dev.resilience.scenarios.Machine;
import java.io.IOException;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** The runs, as tables. */
final class Report {
    private static final String COMMAND = "mvn -q -B -Pdeadlines -pl integration-tests/deadlines -am package";
    private static final long ALLOWED = 1_000_000;

    private final Options options;
    private final List<Run> runs;

    Report(Options options, List<Run> runs) {
        this.options = options;
        this.runs = runs;
    }

    String text() throws IOException {
        StringBuilder text = new StringBuilder("# Deadlines\n\n");
        text.append(paragraph("Calls of dependencies that never answer, with a deadline of "
                + Options.DEADLINE.toMillis() + " ms each: how much later than start + deadline the caller has its"
                + " answer, in milliseconds, and what is left of the call. One program makes the calls: as it is under"
                + " `-javaagent:resilience.jar` (`mode=enforce`, this deadline, breaker `off`, so that each call runs"
                + " into it), and without an agent, its calls wrapped in Failsafe's `Timeout` with interrupt, or in"
                + " Resilience4j's `TimeLimiter` around the future of a thread pool, cancelled with interrupt. Calls"
                + " begin at times set before, however many are open; a warm-up of "
                + options.warmUp().toSeconds()
                + " s goes before. A call that is never answered counts, as *never*."));
        text.append(paragraph("The meter is a thread of the same JVM that wants to wake after each millisecond: its"
                + " figures are how late it woke, and, as jHiccup has it, how late it would have been each millisecond"
                + " meanwhile: a pause of 10 ms is ten late wakes, as it is five late calls. They are taken away twice: quantile by quantile, and call by call,"
                + " where of a call's lateness only that part is taken away in which the meter was overdue too."));
        text.append(paragraph("A statement's deadline begins, under the agent, when the statement does: getting the"
                + " connection is a call of its own there. What is written around calls covers both; and a caller that got"
                + " no connection, as those before it never gave theirs back, is answered in time too."));
        text.append("| | |\n|---|---|\n");
        row(text, "machine", Machine.description());
        row(
                text,
                "Java",
                options.jdks().stream().map(jdk -> "JDK " + jdk.version()).collect(Collectors.joining(", "))
                        + ", `-Xmx512m`; servers on the first");
        row(text, "date", LocalDate.now(ZoneOffset.UTC).toString());
        row(text, "command", "`" + COMMAND + Options.given(System.getProperties()) + "`");
        row(
                text,
                "calls",
                options.calls() + " of HTTP and of gRPC, " + options.statements() + " statements of each kind");
        row(
                text,
                "stolen by the hypervisor",
                percent(runs.stream().mapToDouble(Run::stolen).max().orElse(0))
                        + " of the processors at most, in one run");
        text.append('\n');
        if (options.quick()) {
            text.append(paragraph("**This was a quick look, its figures mean nothing.**"));
        }
        if (runs.stream().anyMatch(run -> run.stolen() > Run.STOLEN)) {
            text.append(paragraph("**More than " + percent(Run.STOLEN)
                    + " was stolen in the runs so marked: their figures are the machine's.**"));
        }
        goals(text);
        for (Kind kind : options.kinds()) {
            write(text, kind);
        }
        return text.toString();
    }

    private void goals(StringBuilder text) {
        if (!options.builds().contains(Build.AGENT)) {
            return;
        }
        text.append("## What the agent must show\n\n")
                .append(paragraph("Answered by the deadline + 1 ms, less what the meter shows."));
        row(text, "JDK", "calls", "quantile", "as it is", "less the meter's", "beside the meter", "wanted", "holds");
        row(text, "---", "---", "---", "---:", "---:", "---:", "---:", "---");
        for (Run run : runs) {
            if (run.build() == Build.AGENT) {
                double quantile = run.kind().quantile();
                Quantiles late = run.figures().lateness();
                long less = late.less(run.figures().meter()).of(quantile);
                row(
                        text,
                        run.jdk().version(),
                        run.kind().title(),
                        quantile == 0.99 ? "P99" : "P99.99",
                        Quantiles.millis(late.of(quantile)),
                        Quantiles.millis(less),
                        Quantiles.millis(run.figures().besideTheMeter().of(quantile)),
                        "<= " + Quantiles.millis(ALLOWED),
                        less <= ALLOWED ? "yes" : "**no**");
            }
        }
        text.append('\n');
    }

    private void write(StringBuilder text, Kind kind) {
        List<Run> of = runs.stream().filter(run -> run.kind() == kind).toList();
        text.append("## ")
                .append(kind.title())
                .append("\n\n")
                .append(paragraph(kind.text() + " " + kind.perSecond() + " calls a second."));
        row(text, "JDK", "build", "answer - (start + deadline), ms", "P50", "P99", "P99.9", "P99.99", "maximum");
        row(text, "---", "---", "---", "---:", "---:", "---:", "---:", "---:");
        for (Run run : of) {
            Figures figures = run.figures();
            Quantiles late = figures.lateness();
            row(text, run.jdk().version(), run.build().title(), "as it is", late.cells());
            row(text, "", "", "the meter", figures.meter().cells());
            row(
                    text,
                    "",
                    "",
                    "the meter, without the wakes it missed",
                    figures.wakes().cells());
            row(
                    text,
                    "",
                    "",
                    "less the meter's, quantile by quantile",
                    late.less(figures.meter()).cells());
            row(
                    text,
                    "",
                    "",
                    "less the meter's, call by call",
                    figures.besideTheMeter().cells());
            row(text, "", "", "from the intended start", figures.fromIntended().cells());
        }
        text.append("\n| JDK | build | calls | cut by the deadline |")
                .append(kind.isStatement() ? " without a connection |" : "")
                .append(" never answered, in the warm-up too | begun > 1 ms late | P50, P99.99 of that, ms | stolen |")
                .append(
                        kind.isStatement()
                                ? "\n|---|---|---:|---:|---:|---:|---:|---:|---:|\n"
                                : " others, processors |\n|---|---|---:|---:|---:|---:|---:|---:|---:|\n");
        for (Run run : of) {
            Figures figures = run.figures();
            Quantiles delays = figures.delays();
            text.append("| ")
                    .append(run.jdk().version())
                    .append(" | ")
                    .append(run.build().title());
            cell(text, figures.calls());
            cell(text, figures.cut());
            if (kind.isStatement()) {
                cell(text, figures.withoutConnection());
            }
            cell(text, figures.unanswered());
            cell(text, figures.delayed());
            cell(text, Quantiles.millis(delays.p50()) + ", " + Quantiles.millis(delays.p9999()));
            cell(text, run.stolen() > Run.STOLEN ? "**" + percent(run.stolen()) + "**" : percent(run.stolen()));
            if (!kind.isStatement()) { // a database is one of the others
                cell(text, String.format(Locale.ROOT, "%.2f", run.others()));
            }
            text.append(" |\n");
        }
        text.append('\n');
        row(
                text,
                "JDK",
                "build",
                "open at the server 1 s after the answer",
                kind.open() + " at the server at the end",
                "threads within a call at the end",
                "threads more than before");
        row(text, "---", "---", "---:", "---:", "---:", "---:");
        for (Run run : of) {
            text.append("| ")
                    .append(run.jdk().version())
                    .append(" | ")
                    .append(run.build().title());
            cell(text, run.figures().openAfter());
            cell(text, run.open());
            cell(text, run.within());
            cell(text, run.more());
            text.append(" |\n");
        }
        text.append('\n');
    }

    private static String percent(double share) {
        return String.format(Locale.ROOT, "%.2f %%", 100 * share);
    }

    private static void cell(StringBuilder text, Object value) {
        text.append(" | ").append(value);
    }

    private static void row(StringBuilder text, String... cells) {
        text.append("| ").append(String.join(" | ", cells)).append(" |\n");
    }

    private static String paragraph(String text) {
        StringBuilder wrapped = new StringBuilder();
        int width = 0;
        for (String word : text.split(" ", -1)) {
            if (width > 0 && width + 1 + word.length() > 128) {
                wrapped.append('\n');
                width = 0;
            } else if (width > 0) {
                wrapped.append(' ');
                width++;
            }
            wrapped.append(word);
            width += word.length();
        }
        return wrapped.append("\n\n").toString();
    }
}
