package dev.resilience.agent.policy;

import static java.util.Map.entry;

import dev.resilience.engine.BreakerConfig;
import dev.resilience.engine.ConfigException;
import dev.resilience.engine.Strategy;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Verifies what a policy says below {@code breaker}, but for what counts as a failure. */
final class BreakerReader {
    private static final String OFF = "off";
    private static final Set<String> OF_ANY_STRATEGY =
            Set.of("breaker.strategy", "breaker.failure-on", "breaker.ignore");

    /** Those that have no keys of their own, nor use those of the others. */
    private static final Set<StrategyName> SETTLED = EnumSet.of(StrategyName.ADAPTIVE, StrategyName.OFF);

    private static final Set<StrategyName> WINDOWS = EnumSet.of(StrategyName.TIME_WINDOW, StrategyName.COUNT_WINDOW);
    private static final Set<StrategyName> RATES = EnumSet.of(
            StrategyName.TIME_WINDOW, StrategyName.COUNT_WINDOW, StrategyName.EWMA, StrategyName.TWO_DIMENSION);
    private static final Set<StrategyName> EWMA = EnumSet.of(StrategyName.EWMA);
    private static final Set<StrategyName> TWO_DIMENSION = EnumSet.of(StrategyName.TWO_DIMENSION);
    private static final Set<StrategyName> SLO = EnumSet.of(StrategyName.SLO);

    /** Whose each key is; any other is of all. */
    private static final Map<String, Set<StrategyName>> OWNERS = Map.ofEntries(
            entry("breaker.consecutive-failures", EnumSet.of(StrategyName.CONSECUTIVE)),
            entry("breaker.failure-rate", RATES),
            entry("breaker.minimum-calls", EnumSet.complementOf(EnumSet.of(StrategyName.CONSECUTIVE))),
            entry("breaker.window", WINDOWS),
            entry("breaker.slots", EnumSet.of(StrategyName.TIME_WINDOW, StrategyName.SLO)),
            entry("breaker.slow-call", WINDOWS),
            entry("breaker.slow-call-rate", WINDOWS),
            entry("breaker.alpha", EWMA),
            entry("breaker.period", TWO_DIMENSION),
            entry("breaker.short-period", TWO_DIMENSION),
            entry("breaker.short-period-after", TWO_DIMENSION),
            entry("breaker.periods", TWO_DIMENSION),
            entry("breaker.p90", TWO_DIMENSION),
            entry("breaker.max-p90", TWO_DIMENSION),
            entry("breaker.p90-margin", TWO_DIMENSION),
            entry("breaker.slo", SLO),
            entry("breaker.slo-budget", SLO),
            entry("breaker.slo-violations", SLO),
            entry("breaker.slo-climb", SLO),
            entry("breaker.short-window", SLO),
            entry("breaker.long-window", SLO));

    /** The values of {@code breaker.strategy}. */
    private enum StrategyName {
        ADAPTIVE,
        CONSECUTIVE,
        TIME_WINDOW,
        COUNT_WINDOW,
        EWMA,
        TWO_DIMENSION,
        SLO,
        OFF
    }

    private final PolicyReader policy;

    BreakerReader(PolicyReader policy) {
        this.policy = policy;
    }

    /** Null when it is off. */
    @Nullable
    BreakerConfig read() {
        StrategyName name = policy.value(
                "breaker.strategy", setting -> Values.word(setting, StrategyName.class), StrategyName.ADAPTIVE);
        warnOfIdleKeys(name);
        if (name == StrategyName.OFF) {
            return null;
        }
        Duration standard = name == StrategyName.SLO ? Strategy.Slo.DEFAULT_OPEN_FOR : BreakerConfig.DEFAULT_OPEN_FOR;
        Duration openFor = duration("breaker.open-for", standard);
        Duration maxOpenFor = duration("breaker.max-open-for", longer(openFor, BreakerConfig.DEFAULT_MAX_OPEN_FOR));
        double jitter = share("breaker.jitter", BreakerConfig.DEFAULT_JITTER);
        int probes = number("breaker.probes", BreakerConfig.DEFAULT_PROBES);
        double rate = share("breaker.probe-success-rate", BreakerConfig.DEFAULT_PROBE_SUCCESS_RATE);
        Duration timeout = duration("breaker.probe-timeout", BreakerConfig.DEFAULT_PROBE_TIMEOUT);
        try {
            Strategy strategy = strategy(name);
            return strategy == null
                    ? Policy.DEFAULT_BREAKER
                    : new BreakerConfig(strategy, openFor, maxOpenFor, jitter, probes, rate, timeout);
        } catch (ConfigException outOfBounds) {
            Setting setting = policy.effective(Keys.BREAKER + outOfBounds.key());
            policy.fail(setting == null ? policy.firstOf(Keys.BREAKER) : setting, outOfBounds.rule());
            return Policy.DEFAULT_BREAKER;
        }
    }

    /** Null when what it needs is not given. */
    private @Nullable Strategy strategy(StrategyName name) {
        return switch (name) {
            case CONSECUTIVE ->
                new Strategy.Consecutive(number("breaker.consecutive-failures", Strategy.Consecutive.DEFAULT_FAILURES));
            case COUNT_WINDOW -> countWindow();
            case EWMA ->
                new Strategy.Ewma(
                        policy.value("breaker.alpha", Values::decimal, Strategy.Ewma.DEFAULT_ALPHA),
                        minimumCalls(),
                        failureRate());
            case TWO_DIMENSION -> twoDimension();
            case SLO -> slo();
            case ADAPTIVE -> Strategy.Adaptive.DEFAULT;
            case TIME_WINDOW, OFF ->
                new Strategy.TimeWindow(
                        duration("breaker.window", Strategy.TimeWindow.DEFAULT_WINDOW),
                        number("breaker.slots", Strategy.TimeWindow.DEFAULT_SLOTS),
                        minimumCalls(),
                        failureRate(),
                        slowCalls());
        };
    }

    private Strategy countWindow() {
        int calls = policy.value("breaker.window", BreakerReader::calls, Strategy.CountWindow.DEFAULT_CALLS);
        int minimum = Math.min(Strategy.TimeWindow.DEFAULT_MINIMUM_CALLS, Math.max(1, calls));
        return new Strategy.CountWindow(calls, number("breaker.minimum-calls", minimum), failureRate(), slowCalls());
    }

    private static int calls(Setting setting) {
        try {
            return Values.number(setting);
        } catch (BadValue notANumber) {
            throw new BadValue(setting.key(), "a number of calls, for example 100", notANumber);
        }
    }

    private Strategy.@Nullable SlowCalls slowCalls() {
        double rate = share("breaker.slow-call-rate", Strategy.SlowCalls.DEFAULT_RATE);
        Duration bound = policy.optional(
                "breaker.slow-call", setting -> setting.text().equals(OFF) ? null : Values.duration(setting));
        if (bound != null) {
            return new Strategy.SlowCalls(bound, rate);
        }
        Setting said = policy.effective("breaker.slow-call");
        if (said == null || OFF.equals(said.value())) {
            policy.warn("breaker.slow-call-rate", "has no effect without slow-call");
        }
        return null;
    }

    /** A bound that is not given makes room for the one that is. */
    private Strategy twoDimension() {
        Duration period = policy.optional("breaker.period", Values::duration);
        Duration shortPeriod = policy.optional("breaker.short-period", Values::duration);
        Duration most = period != null ? period : longer(Strategy.TwoDimension.DEFAULT_PERIOD, shortPeriod);
        Duration p90 = policy.optional("breaker.p90", Values::duration);
        Duration maxP90 = policy.optional("breaker.max-p90", Values::duration);
        Duration least = p90 != null ? p90 : shorter(Strategy.TwoDimension.DEFAULT_P90, maxP90);
        return new Strategy.TwoDimension(
                share("breaker.failure-rate", Strategy.TwoDimension.DEFAULT_FAILURE_RATE),
                minimumCalls(),
                most,
                shortPeriod != null ? shortPeriod : shorter(Strategy.TwoDimension.DEFAULT_SHORT_PERIOD, most),
                number("breaker.short-period-after", Strategy.TwoDimension.DEFAULT_SHORT_PERIOD_AFTER),
                number("breaker.periods", Strategy.TwoDimension.DEFAULT_PERIODS),
                least,
                maxP90 != null ? maxP90 : longer(Strategy.TwoDimension.DEFAULT_MAX_P90, least),
                share("breaker.p90-margin", Strategy.TwoDimension.DEFAULT_P90_MARGIN));
    }

    private @Nullable Strategy slo() {
        Duration slo = policy.optional("breaker.slo", Values::duration);
        if (slo == null) {
            Setting strategy = policy.effective("breaker.strategy");
            if (strategy != null && policy.effective("breaker.slo") == null) {
                policy.fail(strategy, "accompanied by breaker.slo, the latency to be kept, for example 800ms");
            }
            return null;
        }
        Duration shortWindow = policy.optional("breaker.short-window", Values::duration);
        Duration longWindow = policy.optional("breaker.long-window", Values::duration);
        Duration looked = shortWindow != null ? shortWindow : shorter(Strategy.Slo.DEFAULT_SHORT_WINDOW, longWindow);
        return new Strategy.Slo(
                slo,
                share("breaker.slo-budget", Strategy.Slo.DEFAULT_BUDGET),
                number("breaker.minimum-calls", Strategy.Slo.DEFAULT_MINIMUM_CALLS),
                looked,
                longWindow != null ? longWindow : longer(Strategy.Slo.DEFAULT_LONG_WINDOW, looked),
                number("breaker.slots", Strategy.Slo.DEFAULT_SLOTS),
                number("breaker.slo-violations", Strategy.Slo.DEFAULT_VIOLATIONS),
                duration("breaker.slo-climb", Strategy.Slo.DEFAULT_CLIMB));
    }

    private int minimumCalls() {
        return number("breaker.minimum-calls", Strategy.TimeWindow.DEFAULT_MINIMUM_CALLS);
    }

    private double failureRate() {
        return share("breaker.failure-rate", Strategy.TimeWindow.DEFAULT_FAILURE_RATE);
    }

    private Duration duration(String key, Duration otherwise) {
        return policy.value(key, Values::duration, otherwise);
    }

    private double share(String key, double otherwise) {
        return policy.value(key, Values::share, otherwise);
    }

    private int number(String key, int otherwise) {
        return policy.value(key, Values::number, otherwise);
    }

    private static Duration longer(Duration one, @Nullable Duration other) {
        return other == null || one.compareTo(other) > 0 ? one : other;
    }

    private static Duration shorter(Duration one, @Nullable Duration other) {
        return other == null || one.compareTo(other) < 0 ? one : other;
    }

    private void warnOfIdleKeys(StrategyName strategy) {
        for (String key : Keys.POLICY) {
            boolean idle = SETTLED.contains(strategy)
                    ? key.startsWith(Keys.BREAKER) && !OF_ANY_STRATEGY.contains(key)
                    : !OWNERS.getOrDefault(key, Set.of(strategy)).contains(strategy);
            if (idle) {
                String word = strategy.name().toLowerCase(Locale.ROOT).replace('_', '-');
                policy.warn(key, "has no effect with strategy " + word);
            }
        }
    }
}
