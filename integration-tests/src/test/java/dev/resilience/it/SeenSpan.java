package dev.resilience.it;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A span as its receiver saw it.
 *
 * @param kind as OTLP writes it, without its prefix: {@code CLIENT}
 * @param status {@code UNSET}, {@code OK} or {@code ERROR}
 * @param resource what is known of the process that made it
 */
record SeenSpan(
        String trace,
        String id,
        String parent,
        String name,
        String kind,
        String status,
        long startNanos,
        Map<String, Object> attributes,
        List<Event> events,
        Map<String, Object> resource) {

    /** Something that happened within it. */
    record Event(String name, Map<String, Object> attributes) {}

    /** One decision, and the span that carries it. */
    record Decision(SeenSpan span, Map<String, Object> facts) {}

    List<SeenSpan.Event> events(String name) {
        return events.stream().filter(event -> event.name().equals(name)).toList();
    }

    /** Each decision but plain admissions: the events of these spans that tell one. */
    static List<Decision> decisions(List<SeenSpan> spans) {
        List<Decision> decisions = new ArrayList<>();
        for (SeenSpan span : spans) {
            span.events("RESILIENCE_DECISION").forEach(event -> decisions.add(new Decision(span, event.attributes())));
        }
        return decisions;
    }

    /** The spans as a tree, with what was decided on each. */
    static String tree(List<SeenSpan> spans) {
        StringBuilder tree = new StringBuilder();
        spans.stream()
                .filter(span -> spans.stream().noneMatch(other -> other.id().equals(span.parent())))
                .sorted(Comparator.comparingLong(SeenSpan::startNanos))
                .forEach(root -> branch(spans, root, "  ", tree));
        return tree.toString();
    }

    private static void branch(List<SeenSpan> spans, SeenSpan span, String indent, StringBuilder tree) {
        tree.append(indent).append(span.name()).append(" [").append(span.kind()).append("]\n");
        for (Event event : span.events()) {
            Map<String, Object> told = new TreeMap<>(event.attributes());
            told.keySet().removeIf(key -> key.startsWith("exception.") || key.endsWith("decision_id"));
            tree.append(indent)
                    .append("    * ")
                    .append(event.name())
                    .append(' ')
                    .append(told)
                    .append('\n');
        }
        spans.stream()
                .filter(child -> child.parent().equals(span.id()))
                .sorted(Comparator.comparingLong(SeenSpan::startNanos))
                .forEach(child -> branch(spans, child, indent + "  ", tree));
    }
}
