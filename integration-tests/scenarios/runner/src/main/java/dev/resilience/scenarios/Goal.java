package dev.resilience.scenarios;

import java.util.Locale;

/** A figure that the agent must reach with the median of its runs. */
enum Goal {
    NEIGHBOUR_OF_HANG(Scenario.S1, "good of B during the fault, %", true, 99, 1) {
        @Override
        double figure(Run run, Timing timing) {
            return goodOfB(run, timing);
        }
    },
    BACK_AFTER_HANG(Scenario.S1, "A back, s", false, 3, 1) {
        @Override
        double figure(Run run, Timing timing) {
            return back(run, timing);
        }
    },
    ALL_THAT_IS_LEFT(Scenario.S2, "good of A during the fault, % of what A can answer", true, 95, 1) {
        @Override
        double figure(Run run, Timing timing) {
            return 100
                    * run.outcomes().goodput('a', timing.faultFrom(), timing.faultTo())
                    / run.scenario().possible();
        }
    },
    NEIGHBOUR_OF_BROWNOUT(Scenario.S2, "good of B during the fault, %", true, 99, 1) {
        @Override
        double figure(Run run, Timing timing) {
            return goodOfB(run, timing);
        }
    },
    BACK_AFTER_STORM(Scenario.S3, "A back, s", false, 1, 1) {
        @Override
        double figure(Run run, Timing timing) {
            return back(run, timing);
        }
    },
    LOAD_OF_STORM(Scenario.S3, "calls that reached A from the fault on, per request of a user", false, 1.1, 2) {
        @Override
        double figure(Run run, Timing timing) {
            return run.receivedByA().between(timing.faultFrom(), timing.length())
                    / (run.scenario().rateOfA() * (timing.length() - timing.faultFrom()) / 1e9);
        }
    };

    private final Scenario scenario;
    private final String text;
    private final boolean atLeast;
    private final double limit;
    private final int decimals;

    Goal(Scenario scenario, String text, boolean atLeast, double limit, int decimals) {
        this.scenario = scenario;
        this.text = text;
        this.atLeast = atLeast;
        this.limit = limit;
        this.decimals = decimals;
    }

    abstract double figure(Run run, Timing timing);

    boolean holds(double figure) {
        return atLeast ? figure >= limit : figure <= limit;
    }

    Scenario scenario() {
        return scenario;
    }

    String text() {
        return text;
    }

    String wanted() {
        return String.format(Locale.ROOT, "%s %s", atLeast ? ">=" : "<=", limit);
    }

    int decimals() {
        return decimals;
    }

    private static double goodOfB(Run run, Timing timing) {
        return 100 * run.outcomes().share('b', timing.faultFrom(), timing.faultTo());
    }

    private static double back(Run run, Timing timing) {
        return run.outcomes().recovery('a', timing.faultTo(), timing.length());
    }
}
