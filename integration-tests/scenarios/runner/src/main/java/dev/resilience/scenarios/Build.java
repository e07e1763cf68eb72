package dev.resilience.scenarios;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/** The one service jar, and what is done to it. */
enum Build {
    BARE("bare", "bare"),
    DEFAULTS("resilience4j, defaults", "resilience4j-defaults"),
    TUNED("resilience4j, tuned", "resilience4j-tuned"),
    AGENT("bare + resilience.jar", "bare");

    private final String title;
    private final String guard;

    Build(String title, String guard) {
        this.title = title;
        this.guard = guard;
    }

    String title() {
        return title;
    }

    /** What the service is told to write around its calls. */
    String guard() {
        return guard;
    }

    /**
     * Those of a round, which counts from 0. Every other round runs backwards, so that no build always has the same
     * neighbours; resilience4j's defaults, the foil of its tuning, run only then, or when there is but one round.
     */
    static List<Build> ofRound(int round, int rounds, List<Build> among) {
        boolean backwards = round % 2 == 1;
        return Arrays.stream(values())
                .filter(build -> among.contains(build) && (build != DEFAULTS || backwards || rounds == 1))
                .sorted(backwards ? Comparator.reverseOrder() : Comparator.naturalOrder())
                .toList();
    }
}
