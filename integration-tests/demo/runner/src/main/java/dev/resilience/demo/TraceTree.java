package dev.resilience.demo;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Shows where decisions were seen: the spans of a request as a tree, and a count of all. */
final class TraceTree {
    private final Map<String, List<SeenSpan>> traces = new LinkedHashMap<>();

    TraceTree(List<SeenSpan> spans) {
        spans.stream()
                .sorted(Comparator.comparingLong(SeenSpan::startNanos))
                .forEach(span -> traces.computeIfAbsent(span.trace(), any -> new ArrayList<>())
                        .add(span));
    }

    /**
     * The first request between two moments whose call to this dependency met one of these decisions, and was answered by
     * this type of fallback; "" for none.
     */
    Optional<List<String>> show(Dependency dependency, long from, long to, List<String> wanted, String fallback) {
        return traces.values().stream()
                .filter(trace ->
                        trace.get(0).startNanos() >= from && trace.get(0).startNanos() < to)
                .filter(trace -> trace.get(0).parent().isEmpty() && trace.size() > 1)
                .filter(trace -> trace.stream()
                        .anyMatch(span -> span.name().equals(dependency.title())
                                && decision(span, "fallback.type").equals(fallback)
                                && wanted.contains(decision(span, "resilience.decision") + "/"
                                        + decision(span, "resilience.reason"))))
                .findFirst()
                .map(TraceTree::lines);
    }

    /** How often each decision stands on a span of each dependency; admissions by their attribute alone. */
    Map<String, Integer> counts() {
        Map<String, Integer> counts = new TreeMap<>();
        for (List<SeenSpan> trace : traces.values()) {
            for (SeenSpan span : trace) {
                String policy = span.attribute("resilience.policy");
                if (policy.isEmpty()) {
                    continue;
                }
                String decision = decision(span, "resilience.decision");
                String reason = decision(span, "resilience.reason");
                counts.merge(policy + ": " + decision + (reason.isEmpty() ? "" : ", " + reason), 1, Integer::sum);
                for (SeenSpan.Event event : span.events()) {
                    if (event.name().startsWith("CIRCUIT_")) {
                        counts.merge(policy + ": event " + event.name(), 1, Integer::sum);
                    }
                }
            }
        }
        return counts;
    }

    /** An attribute of the decision that was not a plain admission, else of the span; of a fallback, of what answered. */
    private static String decision(SeenSpan span, String key) {
        if (key.startsWith("fallback.")) {
            return span.attribute(key);
        }
        List<Map<String, String>> decisions = span.decisions();
        Map<String, String> from = decisions.isEmpty() ? span.attributes() : decisions.get(decisions.size() - 1);
        return from.getOrDefault(key, "");
    }

    private static List<String> lines(List<SeenSpan> trace) {
        Map<String, List<SeenSpan>> children = new HashMap<>();
        for (SeenSpan span : trace) {
            children.computeIfAbsent(span.parent(), any -> new ArrayList<>()).add(span);
        }
        List<String> lines = new ArrayList<>();
        lines.add("trace " + trace.get(0).trace());
        append(children, "", "  ", lines);
        return lines;
    }

    private static void append(Map<String, List<SeenSpan>> children, String parent, String indent, List<String> lines) {
        List<SeenSpan> spans = children.getOrDefault(parent, List.of());
        for (int i = 0; i < spans.size(); i++) {
            SeenSpan span = spans.get(i);
            boolean last = i == spans.size() - 1;
            String branch = parent.isEmpty() ? "" : last ? "`- " : "|- ";
            lines.add(String.format(
                    Locale.ROOT,
                    "%-26s %8.1f ms  %s",
                    indent + branch + span.name(),
                    (span.endNanos() - span.startNanos()) / 1e6,
                    said(span)));
            append(children, span.id(), indent + (parent.isEmpty() ? "" : last ? "   " : "|  "), lines);
        }
    }

    private static String said(SeenSpan span) {
        StringBuilder text = new StringBuilder();
        for (String key : List.of(
                "resilience.decision",
                "resilience.reason",
                "resilience.cause_code",
                "circuit_breaker.state",
                "fallback.type",
                "fallback.snapshot.age.ms",
                "resilience.original_error.type")) {
            String value = decision(span, key);
            if (!value.isEmpty()) {
                text.append(key.substring(key.startsWith("resilience.") ? "resilience.".length() : 0))
                        .append('=')
                        .append(value)
                        .append("  ");
            }
        }
        for (SeenSpan.Event event : span.events()) {
            if (event.name().startsWith("CIRCUIT_") || event.name().startsWith("FALLBACK_")) {
                text.append('+').append(event.name()).append("  ");
            }
        }
        return text.toString().stripTrailing();
    }
}
