package dev.resilience.demo;

import java.util.List;
import java.util.Map;

/** A span as it arrived. */
record SeenSpan(
        String trace,
        String id,
        String parent,
        String name,
        long startNanos,
        long endNanos,
        Map<String, String> attributes,
        List<Event> events) {

    String attribute(String key) {
        return attributes.getOrDefault(key, "");
    }

    /** What is not a plain admission, oldest first. */
    List<Map<String, String>> decisions() {
        return events.stream()
                .filter(event -> event.name.equals("RESILIENCE_DECISION"))
                .map(Event::attributes)
                .toList();
    }

    /** An event of a span. */
    record Event(String name, Map<String, String> attributes) {}
}
