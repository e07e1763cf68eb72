package dev.resilience.agent.policy;

import java.util.List;

/**
 * What came of reading the configuration.
 *
 * @param policies always there; what an error touches only observes
 * @param problems in the order found
 * @param usable whether there is no error: only then may a reload replace running policies with these
 * @param enabled false when the configuration switches the agent off
 */
public record Loaded(PolicySet policies, List<Problem> problems, boolean usable, boolean enabled) {
    public Loaded {
        problems = List.copyOf(problems);
    }
}
