package dev.resilience.engine;

import static dev.resilience.engine.Rules.HOUR;
import static dev.resilience.engine.Rules.MILLISECOND;
import static dev.resilience.engine.Rules.SECOND;
import static dev.resilience.engine.Rules.require;
import static dev.resilience.engine.Rules.requireBetween;
import static dev.resilience.engine.Rules.requireFailureRate;
import static dev.resilience.engine.Rules.requireMinimumCalls;

import dev.resilience.spi.Judge;
import java.time.Duration;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** When a breaker trips. */
public sealed interface Strategy {

    /**
     * Learns what is usual for its target, and opens, and limits the calls in flight, when that is no longer so.
     *
     * @param opens whether it opens at all; if not it only limits
     * @param limits whether it limits the calls in flight
     * @param minLimit what the limit never goes below, 1 to {@code maxLimit}
     * @param maxLimit what the limit never goes above, even when nothing speaks against it, to 1,000,000
     */
    record Adaptive(boolean opens, boolean limits, int minLimit, int maxLimit) implements Strategy {
        /** With one, a single call that hangs would be all there is; the second sees whether the target answers. */
        public static final int DEFAULT_MIN_LIMIT = 2;
        /** More than threads that wait in most processes, so that it binds on evidence alone. */
        public static final int DEFAULT_MAX_LIMIT = 10_000;

        public static final Adaptive DEFAULT = new Adaptive(true, true, DEFAULT_MIN_LIMIT, DEFAULT_MAX_LIMIT);

        public Adaptive {
            require(maxLimit >= 1 && maxLimit <= 1_000_000, "max", "1 to 1000000", maxLimit);
            require(minLimit >= 1 && minLimit <= maxLimit, "min", "1 to max", minLimit);
        }
    }

    /** Trips when this many calls in a row failed, 1 to 1,000,000. */
    record Consecutive(int failures) implements Strategy {
        public static final int DEFAULT_FAILURES = 5;

        public Consecutive {
            require(failures >= 1 && failures <= 1_000_000, "consecutive-failures", "1 to 1000000", failures);
        }
    }

    /**
     * Trips when more than {@code failureRate} of the calls in the window failed, or too many were slow.
     *
     * @param window how far back outcomes count, 1 s to 1 h
     * @param slots into how many parts the window is cut, 1 to 600: it moves on by {@code window / slots}
     * @param minimumCalls calls the window must hold before the rate means anything, 1 to 1,000,000
     * @param failureRate the share above which it trips, above 0 and below 1
     * @param slowCalls what is too slow, null if nothing is
     */
    record TimeWindow(
            Duration window,
            int slots,
            int minimumCalls,
            double failureRate,
            @Nullable SlowCalls slowCalls) implements Strategy {
        public static final Duration DEFAULT_WINDOW = Duration.ofSeconds(10);
        public static final int DEFAULT_SLOTS = 10;
        public static final int DEFAULT_MINIMUM_CALLS = 20;
        public static final double DEFAULT_FAILURE_RATE = 0.5;

        public TimeWindow {
            requireBetween("window", window, SECOND, HOUR, "1s to 1h");
            require(slots >= 1 && slots <= 600, "slots", "1 to 600", slots);
            requireMinimumCalls(minimumCalls);
            requireFailureRate(failureRate);
        }

        public TimeWindow(Duration window, int slots, int minimumCalls, double failureRate) {
            this(window, slots, minimumCalls, failureRate, null);
        }
    }

    /**
     * Trips when more than {@code failureRate} of the last {@code calls} calls failed, or too many were slow.
     *
     * @param calls how many outcomes count, 1 to 10,000
     * @param minimumCalls outcomes it must have seen before the rate means anything, 1 to {@code calls}
     * @param failureRate the share above which it trips, above 0 and below 1
     * @param slowCalls what is too slow, null if nothing is
     */
    record CountWindow(
            int calls,
            int minimumCalls,
            double failureRate,
            @Nullable SlowCalls slowCalls) implements Strategy {
        public static final int DEFAULT_CALLS = 100;

        public CountWindow {
            require(calls >= 1 && calls <= 10_000, "window", "1 to 10000 calls", calls);
            require(
                    minimumCalls >= 1 && minimumCalls <= calls,
                    "minimum-calls",
                    "1 to the window's calls",
                    minimumCalls);
            requireFailureRate(failureRate);
        }

        public CountWindow(int calls, int minimumCalls, double failureRate) {
            this(calls, minimumCalls, failureRate, null);
        }
    }

    /**
     * Which calls of a window are slow, and how many of them trip the breaker, whatever their outcome.
     *
     * @param bound a call is slow if it takes longer, 1 ms to 1 h
     * @param rate the share above which it trips, above 0 and below 1
     */
    record SlowCalls(Duration bound, double rate) {
        public static final double DEFAULT_RATE = 0.5;

        public SlowCalls {
            requireBetween("slow-call", bound, MILLISECOND, HOUR, "1ms to 1h");
            require(rate > 0 && rate < 1, "slow-call-rate", "above 0% and below 100%", rate);
        }
    }

    /**
     * Trips when the moving average of failures is over {@code failureRate}.
     *
     * @param alpha how much the last outcome weighs, 0.05 to 0.3
     * @param minimumCalls outcomes it must have seen before the average means anything, 1 to 1,000,000
     * @param failureRate the average above which it trips, above 0 and below 1
     */
    record Ewma(double alpha, int minimumCalls, double failureRate) implements Strategy {
        public static final double DEFAULT_ALPHA = 0.2;

        public Ewma {
            require(alpha >= 0.05 && alpha <= 0.3, "alpha", "0.05 to 0.3", alpha);
            requireMinimumCalls(minimumCalls);
            requireFailureRate(failureRate);
        }
    }

    /**
     * Trips when in {@code periods} periods running at least {@code failureRate} of the calls failed and the P90 latency
     * was over its bound: {@code p90Margin} over the running mean of what is usual, from {@code p90} to {@code maxP90}.
     *
     * @param failureRate the share from which on a period is bad, above 0 and below 1
     * @param minimumCalls calls a period must hold before it means anything, 1 to 1,000,000
     * @param period how long one period is, 1 s to 1 h
     * @param shortPeriod how long it is after {@code shortPeriodAfter} trips, 1 s to {@code period}
     * @param shortPeriodAfter 1 to 1000
     * @param periods how many bad ones in a row trip it, 1 to 100
     * @param p90 the least bound, 1 ms to 1 h
     * @param maxP90 the greatest bound, {@code p90} to 1 h
     * @param p90Margin 0 to 10
     */
    record TwoDimension(
            double failureRate,
            int minimumCalls,
            Duration period,
            Duration shortPeriod,
            int shortPeriodAfter,
            int periods,
            Duration p90,
            Duration maxP90,
            double p90Margin)
            implements Strategy {
        public static final double DEFAULT_FAILURE_RATE = 0.2;
        public static final Duration DEFAULT_PERIOD = Duration.ofSeconds(10);
        public static final Duration DEFAULT_SHORT_PERIOD = Duration.ofSeconds(5);
        public static final int DEFAULT_SHORT_PERIOD_AFTER = 2;
        public static final int DEFAULT_PERIODS = 3;
        public static final Duration DEFAULT_P90 = Duration.ofMillis(800);
        public static final Duration DEFAULT_MAX_P90 = Duration.ofMillis(1500);
        public static final double DEFAULT_P90_MARGIN = 0.2;

        public TwoDimension {
            requireFailureRate(failureRate);
            requireMinimumCalls(minimumCalls);
            requireBetween("period", period, SECOND, HOUR, "1s to 1h");
            requireBetween("short-period", shortPeriod, SECOND, period, "1s to period");
            require(
                    shortPeriodAfter >= 1 && shortPeriodAfter <= 1000,
                    "short-period-after",
                    "1 to 1000 trips",
                    shortPeriodAfter);
            require(periods >= 1 && periods <= 100, "periods", "1 to 100", periods);
            requireBetween("p90", p90, MILLISECOND, HOUR, "1ms to 1h");
            requireBetween("max-p90", maxP90, p90, HOUR, "p90 to 1h");
            require(p90Margin >= 0 && p90Margin <= 10, "p90-margin", "0% to 1000%", p90Margin);
        }
    }

    /**
     * Trips when the service level objective is violated {@code violations} times running and latency climbs. It is
     * violated when more than {@code budget} of the calls in the short window failed or took longer than {@code slo}.
     *
     * @param slo the latency that all calls but {@code budget} of them keep, 1 ms to 1 h
     * @param budget the share that may exceed it: 0.001 for a P99.9, above 0 and below 1
     * @param minimumCalls calls the short window must hold before it means anything, 1 to 1,000,000
     * @param shortWindow what is looked at for violations, 1 s to 1 h
     * @param longWindow what is looked at for the climb, {@code shortWindow} to 1 d
     * @param slots into how many parts each window is cut, 2 to 600
     * @param violations 1 to 1000, one for each slot of the short window in which calls ended
     * @param climb by how much a minute that same percentile must rise, 1 ms to 1 h
     */
    record Slo(
            Duration slo,
            double budget,
            int minimumCalls,
            Duration shortWindow,
            Duration longWindow,
            int slots,
            int violations,
            Duration climb)
            implements Strategy {
        public static final double DEFAULT_BUDGET = 0.001;
        /** With fewer, one slow call alone is more than the budget. */
        public static final int DEFAULT_MINIMUM_CALLS = 1000;

        public static final Duration DEFAULT_SHORT_WINDOW = Duration.ofSeconds(30);
        public static final Duration DEFAULT_LONG_WINDOW = Duration.ofMinutes(5);
        public static final int DEFAULT_SLOTS = 300;
        public static final int DEFAULT_VIOLATIONS = 3;
        public static final Duration DEFAULT_CLIMB = Duration.ofMillis(120);
        /** How long a breaker of this strategy stays open at first. */
        public static final Duration DEFAULT_OPEN_FOR = Duration.ofSeconds(60);

        public Slo {
            requireBetween("slo", slo, MILLISECOND, HOUR, "1ms to 1h");
            require(budget > 0 && budget < 1, "slo-budget", "above 0% and below 100%", budget);
            requireMinimumCalls(minimumCalls);
            requireBetween("short-window", shortWindow, SECOND, HOUR, "1s to 1h");
            requireBetween("long-window", longWindow, shortWindow, Duration.ofDays(1), "short-window to 1d");
            require(slots >= 2 && slots <= 600, "slots", "2 to 600", slots);
            require(violations >= 1 && violations <= 1000, "slo-violations", "1 to 1000", violations);
            requireBetween("slo-climb", climb, MILLISECOND, HOUR, "1ms to 1h");
        }
    }

    /**
     * Trips when a judge that others wrote says so.
     *
     * @param name what others call it
     * @param settings what it was made with; two of one name and the same settings are the same strategy
     * @param judges makes one for each closed generation; neither it nor they throw
     */
    record Foreign(String name, Map<String, String> settings, Supplier<? extends Judge> judges) implements Strategy {
        public Foreign {
            settings = Map.copyOf(settings);
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Foreign foreign && name.equals(foreign.name) && settings.equals(foreign.settings);
        }

        @Override
        public int hashCode() {
            return 31 * name.hashCode() + settings.hashCode();
        }
    }
}
