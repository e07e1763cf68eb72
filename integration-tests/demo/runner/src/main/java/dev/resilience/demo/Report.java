package dev.resilience.demo;

import dev.resilience.demo.Visitors.Score;
import dev.resilience.demo.Visitors.View;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The two runs side by side, where the decisions were seen, and the verdict. */
final class Report {
    private static final List<String> CUT =
            List.of("timed_out/", "timed_out/deadline_exhausted", "fallback/deadline_exhausted");
    private static final List<String> REFUSED = List.of("rejected/circuit_open", "fallback/circuit_open");

    private final Run bare;
    private final Run guarded;
    private final TraceTree traces;
    private final List<String> failures = new ArrayList<>();

    Report(Run bare, Run guarded) {
        this.bare = bare;
        this.guarded = guarded;
        traces = new TraceTree(guarded.spans());
    }

    /** What did not hold; empty when all did. Complete once the verdict was written. */
    List<String> failures() {
        return failures;
    }

    List<String> sideBySide() {
        List<String> lines = new ArrayList<>();
        String half = "%6s %6s %7s %7s %7s %7s";
        lines.add(String.format(
                "%-27s |  %-46s|  %s",
                "what " + Visitors.PER_SECOND + " visitors/s saw", bare.title(), guarded.title()));
        lines.add(String.format(
                "%-27s |" + half + "  |" + half,
                "",
                "whole",
                "rescue",
                "partial",
                "nothing",
                "P50 ms",
                "P99 ms",
                "whole",
                "rescue",
                "partial",
                "nothing",
                "P50 ms",
                "P99 ms"));
        for (Phase phase : Phase.values()) {
            if (phase != Phase.WARM_UP) {
                lines.add(String.format(
                        "%-27s |%s  |%s", phase.title(), row(bare, phase, half), row(guarded, phase, half)));
            }
        }
        lines.add("");
        lines.add(String.format(
                "%-27s |%9s %8s %8s %8s  |%9s %8s %8s %8s",
                "what the shop's calls got",
                "answered",
                "rescued",
                "refused",
                "failed",
                "answered",
                "rescued",
                "refused",
                "failed"));
        for (Dependency dependency : Dependency.values()) {
            lines.add(String.format(
                    "%-27s |%s  |%s",
                    dependency.title() + " (" + dependency.protocol() + ")",
                    totals(bare, dependency),
                    totals(guarded, dependency)));
        }
        lines.add("");
        lines.add("SIGTERM under load, " + bare.title() + ": " + ending(bare.ending()));
        lines.add("SIGTERM under load, " + guarded.title() + ": " + ending(guarded.ending()));
        return lines;
    }

    private static String row(Run run, Phase phase, String half) {
        Score score = run.visitors().score(phase);
        return String.format(
                half,
                score.count(View.WHOLE),
                score.count(View.RESCUED),
                score.count(View.PARTIAL),
                score.count(View.NOTHING),
                score.latencies().text(0.5),
                score.latencies().text(0.99));
    }

    private static String totals(Run run, Dependency dependency) {
        return String.format(
                "%9d %8d %8d %8d",
                run.calls().total(dependency, Kind.ANSWERED),
                run.calls().total(dependency, Kind.RESCUED),
                run.calls().total(dependency, Kind.REFUSED),
                run.calls().total(dependency, Kind.FAILED));
    }

    private static String ending(Run.Ending ending) {
        return "of " + ending.inFlight() + " calls in flight " + ending.answered() + " were answered and "
                + ending.lost() + " lost; of " + ending.begunAfter() + " begun after it " + ending.letThrough()
                + " went out; exit code " + ending.exitCode() + " after " + ending.millis() + " ms";
    }

    /** Requests as trees of spans, each with a decision; then how many of each. */
    List<String> decisions() {
        List<String> lines = new ArrayList<>();
        append(lines, "cut at its deadline, and answered as before", Phase.HTTP_HANGS, CUT, "snapshot");
        append(lines, "refused without a packet sent", Phase.HTTP_HANGS, REFUSED, "snapshot");
        append(lines, "refused, and answered by another server", Phase.GRPC_KILLED, REFUSED, "alternate");
        append(lines, "cut at its deadline", Phase.DATABASE_STOPPED, CUT, "");
        lines.add("All decisions found on the spans of this run:");
        for (Map.Entry<String, Integer> count : traces.counts().entrySet()) {
            lines.add(String.format("%7d  %s", count.getValue(), count.getKey()));
        }
        return lines;
    }

    private void append(List<String> lines, String what, Phase phase, List<String> wanted, String fallback) {
        Dependency dependency = phase.faulty();
        if (dependency == null) {
            return;
        }
        Run.Window window = guarded.windows().getOrDefault(phase, new Run.Window(0, 0));
        Optional<List<String>> tree = traces.show(dependency, window.from(), window.to(), wanted, fallback);
        lines.add("While " + phase.title() + ": a call to " + dependency.title() + " " + what);
        tree.ifPresentOrElse(lines::addAll, () -> {
            lines.add("  no such span arrived");
            failures.add("no span tells of a call to " + dependency.title() + " that was " + what);
        });
        lines.add("");
    }

    /** The outcome in plain words. */
    List<String> verdict() {
        List<String> lines = new ArrayList<>();
        hang(lines, Phase.HTTP_HANGS, true);
        killed(lines);
        hang(lines, Phase.DATABASE_STOPPED, false);
        Run.Ending ending = guarded.ending();
        lines.add("* SIGTERM under load: bare, " + bare.ending().lost() + " of "
                + bare.ending().inFlight() + " calls in flight were lost; with resilience.jar " + ending.lost() + " of "
                + ending.inFlight() + ", and of " + ending.begunAfter() + " that would have begun after it "
                + ending.letThrough() + " went out.");
        hold(ending.lost() == 0 && ending.answered() > 0, "calls in flight at SIGTERM were lost");
        hold(ending.exitCode() == 143, "the exit code after SIGTERM was " + ending.exitCode() + ", not 143");
        if (failures.isEmpty()) {
            lines.add("The shop is the same jar in both runs; the second had one more flag and the policy above.");
        } else {
            lines.add("It did not hold here: " + String.join("; ", failures) + ".");
        }
        return lines;
    }

    private void hang(List<String> lines, Phase phase, boolean rescued) {
        Score before = bare.visitors().score(phase);
        Score after = guarded.visitors().score(phase);
        lines.add("* While " + phase.title() + ": bare, " + before.count(View.NOTHING) + " of " + before.all()
                + " visitors left with nothing after " + Visitors.PATIENCE.toSeconds()
                + " s; with resilience.jar " + after.count(View.NOTHING) + " of " + after.all() + ", P99 "
                + after.latencies().text(0.99) + " ms"
                + (rescued
                        ? ", " + (after.count(View.WHOLE) + after.count(View.RESCUED)) + " with every part on the page."
                        : ", " + after.count(View.WHOLE)
                                + " with every part on the page: stuck connections were cut and replaced."));
        hold(
                after.count(View.NOTHING) * 10 <= after.all(),
                "while " + phase.title() + ", " + after.count(View.NOTHING) + " of " + after.all()
                        + " visitors got nothing");
        if (rescued) {
            hold(
                    after.count(View.RESCUED) * 10 >= after.all() * 8,
                    "while " + phase.title() + ", only " + after.count(View.RESCUED) + " of " + after.all()
                            + " pages were rescued");
        }
    }

    private void killed(List<String> lines) {
        Score before = bare.visitors().score(Phase.GRPC_KILLED);
        Score after = guarded.visitors().score(Phase.GRPC_KILLED);
        lines.add("* While " + Phase.GRPC_KILLED.title() + ": bare, " + before.count(View.PARTIAL) + " of "
                + before.all() + " pages had no price; with resilience.jar " + after.count(View.PARTIAL) + " of "
                + after.all() + ", " + after.count(View.RESCUED) + " showed the list price that another server gave.");
        hold(
                after.count(View.RESCUED) * 10 >= after.all() * 8,
                "while the gRPC server was killed, only " + after.count(View.RESCUED) + " of " + after.all()
                        + " pages were rescued");
    }

    private void hold(boolean held, String otherwise) {
        if (!held) {
            failures.add(otherwise);
        }
    }
}
