package dev.resilience.agent.policy;

import dev.resilience.engine.ConcurrencyConfig;
import dev.resilience.engine.Mood;
import dev.resilience.engine.Seen;
import dev.resilience.engine.Strategy;
import dev.resilience.engine.Suggestion;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What is suggested for each policy, from what was seen of its calls. Measured only: the agent applies none of it.
 *
 * @param policies in their order, the one of {@code defaults} first
 */
public record Suggestions(List<Watched> policies) {
    private static final String DEFAULTS = "defaults";

    public Suggestions {
        policies = List.copyOf(policies);
    }

    /**
     * A policy with what was seen of its calls.
     *
     * @param seen null if nothing was
     */
    public record Watched(Policy policy, @Nullable Seen seen) {
        /** What is missing for a suggestion, each with what there is of it; empty if nothing is. */
        public List<String> missing() {
            if (adaptive() == null) {
                return List.of("the latency of its calls: only the strategy adaptive times them");
            }
            return seen == null ? List.of("any call") : seen.missing();
        }

        /** Null as long as something is missing. */
        public @Nullable Suggestion suggestion(Mood mood) {
            // in the other modes the deadline cuts nothing, and an adaptive one lets through what a call needs
            Duration cuts = policy.mode() == Mode.ENFORCE && policy.deadline() instanceof Deadline.Fixed fixed
                    ? fixed.budget()
                    : null;
            return seen == null || !missing().isEmpty() ? null : Suggestion.of(seen, mood, cuts);
        }

        private Strategy.@Nullable Adaptive adaptive() {
            return policy.breaker() != null && policy.breaker().strategy() instanceof Strategy.Adaptive adaptive
                    ? adaptive
                    : null;
        }

        /** What an adaptive limit of it never goes below; null if it has none. */
        private @Nullable Integer least() {
            Strategy.Adaptive adaptive = adaptive();
            if (adaptive != null && adaptive.limits()) {
                return adaptive.minLimit();
            }
            return policy.limit().concurrency() instanceof ConcurrencyConfig.Adaptive bounds ? bounds.min() : null;
        }
    }

    /** Policies that keep their strategy: a deadline, and a bound on the calls in flight. */
    public String yaml(Mood mood) {
        return text(mood, false);
    }

    /** Policies with fixed thresholds in place of {@code adaptive}: a deadline, a limit, a window. */
    public String yamlWithThresholds(Mood mood) {
        return text(mood, true);
    }

    private String text(Mood mood, boolean thresholds) {
        StringBuilder yaml = new StringBuilder(
                "# Measured by the agent, and applied by nobody. To be merged into the file"
                        + " of the policies:\n# without its match, a policy would guard every call.\nfile-format: \"1.0\"\n");
        boolean begun = false;
        for (Watched each : policies) {
            boolean isDefault = each.policy.name().equals(Policy.DEFAULT_NAME);
            String indent = isDefault ? "" : "  ";
            String name = isDefault ? DEFAULTS : each.policy.name();
            Suggestion suggestion = each.suggestion(mood);
            Seen seen = each.seen;
            if (seen == null || suggestion == null) {
                yaml.append(
                        "# " + name + ": not enough seen yet, missing: " + String.join("; ", each.missing()) + "\n");
                continue;
            }
            if (!isDefault && !begun) {
                yaml.append("policies:\n");
                begun = true;
            }
            yaml.append(indent + (isDefault ? name : '"' + name + '"') + ":\n");
            Integer least = thresholds ? null : each.least();
            lines(suggestion, seen, least, thresholds)
                    .lines()
                    .forEach(line -> yaml.append(indent + "  " + line + "\n"));
        }
        return yaml.toString();
    }

    private static String lines(Suggestion suggestion, Seen seen, @Nullable Integer least, boolean thresholds) {
        StringBuilder lines = new StringBuilder();
        lines.append("# " + word(suggestion.mood()) + ", seen under " + word(suggestion.shape()) + " load, sureness "
                + word(suggestion.sureness()) + ": " + seen.calls() + " calls in " + text(seen.seenFor()) + ", "
                + number(seen.rate()) + "/s, " + number(seen.peakRate()) + "/s in the busiest 10s\n");
        lines.append("# set aside: " + seen.aside() + "\n");
        lines.append("deadline: " + text(suggestion.deadline()) + " # P99.9 is " + text(seen.tail())
                + " with 95%; cuts at most " + percent(suggestion.cut()) + "\n");
        String limit = " # at most " + seen.peakInFlight() + " to one target at a look, fewer than "
                + (seen.mostInFlight() + 1) + " in between; " + number(seen.meanInFlight()) + " to all on the average, "
                + number(seen.meanByLittle()) + " by Little's law; refuses at most " + percent(suggestion.refused())
                + "\n";
        if (least == null) {
            lines.append("limit:\n  concurrency: " + suggestion.concurrency() + limit);
        } else {
            lines.append(
                    "limit:\n  concurrency: adaptive\n  max: " + Math.max(least, suggestion.concurrency()) + limit);
        }
        if (thresholds) {
            lines.append(breaker(suggestion.thresholds(), seen));
        }
        return lines.toString();
    }

    private static String breaker(Strategy.@Nullable TimeWindow window, Seen seen) {
        if (window == null) {
            return "# no threshold would tell an ill target from this one: " + seen.failures() + " calls failed\n";
        }
        String breaker = "breaker:\n  strategy: time-window\n  failure-rate: " + percent(window.failureRate()) + " # "
                + seen.failures() + " calls failed, at most " + percent(Math.ceil(seen.worstFailures() * 1000) / 1000)
                + " in 10s\n  minimum-calls: " + window.minimumCalls() + "\n";
        Strategy.SlowCalls slow = window.slowCalls();
        return slow == null
                ? breaker
                : breaker + "  slow-call: " + text(slow.bound()) + " # P99 is " + text(seen.percentile99())
                        + "\n  slow-call-rate: " + percent(slow.rate()) + "\n";
    }

    private static String word(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    /** As a policy says it. */
    private static String text(Duration duration) {
        return duration.toMillisPart() != 0 ? duration.toMillis() + "ms" : duration.toSeconds() + "s";
    }

    private static String text(Seen.Interval interval) {
        return number(interval.leastNanos() / 1e6) + " to " + number(interval.mostNanos() / 1e6) + "ms";
    }

    private static String number(double number) {
        return String.format(Locale.ROOT, number < 10 ? "%.2f" : number < 100 ? "%.1f" : "%.0f", number);
    }

    private static String percent(double share) {
        return BigDecimal.valueOf(Math.ceil(share * 1e6) / 1e6)
                        .movePointRight(2)
                        .stripTrailingZeros()
                        .toPlainString()
                + "%";
    }
}
