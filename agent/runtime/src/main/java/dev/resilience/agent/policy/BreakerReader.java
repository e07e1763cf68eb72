package dev.resilience.agent.policy;

import static dev.resilience.agent.policy.BadValue.require;
import static java.util.Map.entry;

import dev.resilience.agent.strategy.Strategies;
import dev.resilience.engine.BreakerConfig;
import dev.resilience.engine.ConfigException;
import dev.resilience.engine.Layer;
import dev.resilience.engine.Layers;
import dev.resilience.engine.Strategy;
import dev.resilience.spi.BadSetting;
import dev.resilience.spi.Settings;
import dev.resilience.spi.StrategyProvider;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
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

    /** What the layer {@code slo} uses beside any strategy. */
    private static final Set<String> OF_OBJECTIVE = Set.of(
            "breaker.slo",
            "breaker.slo-budget",
            "breaker.slo-violations",
            "breaker.slo-climb",
            "breaker.short-window",
            "breaker.long-window",
            "breaker.open-for",
            "breaker.max-open-for",
            "breaker.jitter",
            "breaker.probes",
            "breaker.probe-success-rate");

    /** The values of {@code breaker.strategy}. */
    private enum StrategyName {
        ADAPTIVE,
        CONSECUTIVE,
        TIME_WINDOW,
        COUNT_WINDOW,
        EWMA,
        TWO_DIMENSION,
        SLO,
        OFF;

        String text() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    /** What no strategy of others may be called. */
    static final List<String> OWN_STRATEGIES =
            Arrays.stream(StrategyName.values()).map(StrategyName::text).toList();

    private final PolicyReader policy;
    private final Strategies strategies;

    BreakerReader(PolicyReader policy, Strategies strategies) {
        this.policy = policy;
        this.strategies = strategies;
    }

    /** Null when it is off. */
    @Nullable
    BreakerConfig read(Key key) {
        Setting said = policy.effective("breaker.strategy");
        StrategyProvider foreign = said == null ? null : policy.strategies().get(String.valueOf(said.value()));
        StrategyName name =
                foreign != null ? null : policy.value("breaker.strategy", this::strategyName, StrategyName.ADAPTIVE);
        Set<Layer> layers = layers(name, key);
        warnOfIdleKeys(name, layers);
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
            Strategy strategy = name != null ? strategy(name) : foreign(Objects.requireNonNull(foreign));
            BreakerConfig read = strategy == null
                    ? Policy.DEFAULT_BREAKER
                    : new BreakerConfig(strategy, openFor, maxOpenFor, jitter, probes, rate, timeout);
            return read.below(above(layers, read));
        } catch (ConfigException outOfBounds) {
            Setting setting = policy.effective(Keys.BREAKER + outOfBounds.key());
            policy.fail(setting == null ? policy.firstOf(Keys.BREAKER) : setting, outOfBounds.rule());
            return Policy.DEFAULT_BREAKER;
        }
    }

    private StrategyName strategyName(Setting setting) {
        try {
            return Values.word(setting, StrategyName.class);
        } catch (BadValue unknown) {
            Set<String> others = policy.strategies().keySet();
            throw others.isEmpty()
                    ? unknown
                    : new BadValue(
                            unknown.key(),
                            unknown.rule() + ", or of the strategies given: " + String.join(", ", others),
                            unknown);
        }
    }

    /** Null when it does not understand what it is given. */
    private @Nullable Strategy foreign(StrategyProvider provider) {
        Setting said = Objects.requireNonNull(policy.effective("breaker.strategy"));
        Map<String, String> values = new TreeMap<>();
        for (String key : policy.below(Keys.SETTINGS)) {
            policy.optional(
                    key,
                    setting -> values.put(key.substring(Keys.SETTINGS.length()), String.join(",", setting.entries())));
        }
        Settings settings = new Settings(values);
        try {
            Strategy strategy = strategies.strategy(provider, said.text(), settings, values);
            if (strategy == null) {
                policy.fail(said, "a strategy that works; this one failed to begin, which is said as a fault");
            }
            for (String unasked : settings.unasked()) {
                policy.warn(Keys.SETTINGS + unasked, "is no setting of strategy " + said.text());
            }
            return strategy;
        } catch (BadSetting unreadable) {
            Setting cause = policy.effective(Keys.SETTINGS + unreadable.key());
            policy.fail(cause == null ? said : cause, unreadable.rule());
            return null;
        }
    }

    /** Those that decide; the instance itself alone unless something else is said. */
    private Set<Layer> layers(@Nullable StrategyName strategy, Key key) {
        Set<Layer> layers = EnumSet.of(Layer.INSTANCE);
        layers.addAll(policy.value("breaker.layers", BreakerReader::layers, layers));
        if (policy.isDefaults()) {
            layers.remove(Layer.SERVICE); // what no policy matches is no service
        }
        if (key == Key.ROUTE && layers.remove(Layer.SERVICE) && policy.says("breaker.layers")) {
            fail("breaker.layers", "without service where key is route: routes are no instances of each other");
        }
        if (strategy == StrategyName.SLO && layers.remove(Layer.SLO) && policy.says("breaker.layers")) {
            fail("breaker.layers", "without slo where the strategy is slo");
        }
        return layers;
    }

    private static Set<Layer> layers(Setting setting) {
        Set<Layer> layers = EnumSet.noneOf(Layer.class);
        for (String entry : setting.entries()) {
            for (Layer layer : Layer.values()) {
                if (layer.text().equals(entry)) {
                    layers.add(layer);
                }
            }
        }
        boolean isKnown = layers.size() == setting.entries().size() && layers.contains(Layer.INSTANCE);
        require(isKnown, setting.key(), "instance, or a list of it with any of service and slo");
        return layers;
    }

    private void fail(String key, String rule) {
        Setting setting = policy.effective(key);
        if (setting != null) {
            policy.fail(setting, rule);
        }
    }

    /** What decides beside that breaker, null if nothing does. */
    private @Nullable Layers above(Set<Layer> layers, BreakerConfig breaker) {
        BreakerConfig slo = null;
        if (layers.contains(Layer.SLO)) {
            Strategy objective = slo(true);
            slo = objective == null
                    ? null
                    : new BreakerConfig(
                            objective,
                            duration("breaker.open-for", Strategy.Slo.DEFAULT_OPEN_FOR),
                            longer(breaker.maxOpenFor(), duration("breaker.open-for", Strategy.Slo.DEFAULT_OPEN_FOR)),
                            breaker.jitter(),
                            breaker.probes(),
                            breaker.probeSuccessRate(),
                            breaker.probeTimeout());
        }
        boolean service = layers.contains(Layer.SERVICE);
        double share = service ? share("breaker.max-ejection", Layers.DEFAULT_MAX_EJECTION) : 0;
        return service || slo != null ? new Layers(service, share, slo) : null;
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
            case SLO -> slo(false);
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

    /** As a layer it leaves the keys that it shares with strategies to the one beside it. */
    private @Nullable Strategy slo(boolean isLayer) {
        Duration slo = policy.optional("breaker.slo", Values::duration);
        if (slo == null) {
            Setting strategy = policy.effective(isLayer ? "breaker.layers" : "breaker.strategy");
            if (strategy != null && policy.effective("breaker.slo") == null) {
                policy.fail(strategy, "accompanied by breaker.slo, the latency to be kept, for example 800ms");
            }
            return null;
        }
        Duration shortWindow = policy.optional("breaker.short-window", Values::duration);
        Duration longWindow = policy.optional("breaker.long-window", Values::duration);
        Duration looked = shortWindow != null ? shortWindow : shorter(Strategy.Slo.DEFAULT_SHORT_WINDOW, longWindow);
        double budget = share("breaker.slo-budget", Strategy.Slo.DEFAULT_BUDGET);
        return new Strategy.Slo(
                slo,
                budget,
                isLayer ? enoughFor(budget) : number("breaker.minimum-calls", Strategy.Slo.DEFAULT_MINIMUM_CALLS),
                looked,
                longWindow != null ? longWindow : longer(Strategy.Slo.DEFAULT_LONG_WINDOW, looked),
                isLayer ? Strategy.Slo.DEFAULT_SLOTS : number("breaker.slots", Strategy.Slo.DEFAULT_SLOTS),
                number("breaker.slo-violations", Strategy.Slo.DEFAULT_VIOLATIONS),
                duration("breaker.slo-climb", Strategy.Slo.DEFAULT_CLIMB));
    }

    /** With fewer calls, one alone that exceeds the objective is more than the budget. */
    private static int enoughFor(double budget) {
        return budget <= 0 ? 1 : (int) Math.min(1_000_000, Math.ceil(1 / budget));
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

    /** {@code strategy} is null for one of others. */
    private void warnOfIdleKeys(@Nullable StrategyName strategy, Set<Layer> layers) {
        String word = strategy == null ? String.valueOf(effectiveStrategy()) : strategy.text();
        for (String key : Keys.POLICY) {
            boolean isOfLayer = strategy != StrategyName.OFF
                    && (key.equals("breaker.layers")
                            || key.equals("breaker.max-ejection")
                            || (layers.contains(Layer.SLO) && OF_OBJECTIVE.contains(key)));
            if (isIdle(key, strategy) && !isOfLayer) {
                policy.warn(key, "has no effect with strategy " + word);
            }
        }
        if (strategy != null) {
            for (String key : policy.below(Keys.SETTINGS)) {
                policy.warn(key, "has no effect with strategy " + word);
            }
        }
        if (strategy != StrategyName.OFF && !layers.contains(Layer.SERVICE) && !policy.isDefaults()) {
            policy.warn("breaker.max-ejection", "has no effect without the layer service");
        }
    }

    private @Nullable String effectiveStrategy() {
        Setting said = policy.effective("breaker.strategy");
        return said == null ? null : said.value();
    }

    private static boolean isIdle(String key, @Nullable StrategyName strategy) {
        if (strategy == null) {
            return OWNERS.containsKey(key);
        }
        return SETTLED.contains(strategy)
                ? key.startsWith(Keys.BREAKER) && !OF_ANY_STRATEGY.contains(key)
                : !OWNERS.getOrDefault(key, Set.of(strategy)).contains(strategy);
    }
}
