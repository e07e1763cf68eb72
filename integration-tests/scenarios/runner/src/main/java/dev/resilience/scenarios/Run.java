package dev.resilience.scenarios;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * One run of one build through one scenario.
 *
 * @param receivedByA what the dependency counted
 * @param stolen share of the processors' time that the hypervisor took
 * @param others processors that other programs used
 * @param serviceSeconds processor time of the service, from its start
 */
record Run(
        Scenario scenario,
        Build build,
        int round,
        Outcomes outcomes,
        Received receivedByA,
        Received receivedByB,
        double stolen,
        double others,
        double serviceSeconds) {

    private static final double MOST_LAG_MILLIS = 5;
    private static final double MOST_STOLEN = 0.01;
    private static final double MOST_OTHERS = 0.2;

    /** Why it does not count; empty when it does. */
    List<String> faults() {
        List<String> faults = new ArrayList<>();
        double lag = outcomes.lagMillis();
        if (!(lag <= MOST_LAG_MILLIS)) {
            faults.add(String.format(Locale.ROOT, "generator lag P99 %.1f ms", lag));
        }
        if (stolen > MOST_STOLEN) {
            faults.add(String.format(Locale.ROOT, "%.1f %% stolen", 100 * stolen));
        }
        if (others > MOST_OTHERS) {
            faults.add(String.format(Locale.ROOT, "others used %.2f processors", others));
        }
        return faults;
    }
}
