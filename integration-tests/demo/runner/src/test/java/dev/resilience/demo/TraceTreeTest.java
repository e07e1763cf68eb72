package dev.resilience.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TraceTreeTest {
    private static final List<String> REFUSED = List.of("rejected/circuit_open", "fallback/circuit_open");

    private final TraceTree traces = new TraceTree(List.of(
            span("a", "2", "1", "recommendations", 110, "admitted", List.of()),
            span("a", "1", "", "GET /product/{id}", 100, "", List.of()),
            span("b", "4", "3", "recommendations", 220, "fallback", List.of(refused("rejected"), refused("fallback"))),
            span("b", "3", "", "GET /product/{id}", 200, "", List.of()),
            span("b", "5", "3", "stock", 210, "admitted", List.of())));

    @Test
    void showsTheFirstRequestThatMetTheDecision() {
        assertThat(traces.show(Dependency.RECOMMENDATIONS, 0, 300, REFUSED, "static")
                        .orElseThrow())
                .containsExactly(
                        "trace b",
                        "  GET /product/{id}             0.0 ms  ",
                        "  |- stock                      0.0 ms  decision=admitted",
                        "  `- recommendations            0.0 ms  decision=fallback  reason=circuit_open  fallback.type=static");
    }

    @Test
    void findsNothingOutsideTheTimeAskedFor() {
        assertThat(traces.show(Dependency.RECOMMENDATIONS, 0, 200, REFUSED, "static"))
                .isEmpty();
        assertThat(traces.show(Dependency.STOCK, 0, 300, REFUSED, "static")).isEmpty();
    }

    @Test
    void findsNothingOfAnotherFallback() {
        assertThat(traces.show(Dependency.RECOMMENDATIONS, 0, 300, REFUSED, "alternate"))
                .isEmpty();
    }

    @Test
    void countsEachSpanByItsLastDecision() {
        assertThat(traces.counts())
                .containsOnly(
                        Map.entry("recommendations: admitted", 1),
                        Map.entry("recommendations: fallback, circuit_open", 1),
                        Map.entry("stock: admitted", 1));
    }

    private static SeenSpan span(
            String trace,
            String id,
            String parent,
            String name,
            long start,
            String decision,
            List<SeenSpan.Event> events) {
        Map<String, String> attributes = new HashMap<>();
        if (!decision.isEmpty()) {
            attributes.put("resilience.policy", name);
            attributes.put("resilience.decision", decision);
        }
        if (decision.equals("fallback")) {
            attributes.put("fallback.type", "static");
        }
        return new SeenSpan(trace, id, parent, name, start, start + 5, attributes, events);
    }

    private static SeenSpan.Event refused(String decision) {
        return new SeenSpan.Event(
                "RESILIENCE_DECISION", Map.of("resilience.decision", decision, "resilience.reason", "circuit_open"));
    }
}
