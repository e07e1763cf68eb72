package dev.resilience.agent.policy;

import static dev.resilience.agent.policy.BadValue.require;

import dev.resilience.engine.ConcurrencyConfig;
import dev.resilience.engine.ConcurrencyConfig.Adaptive;
import dev.resilience.engine.ConfigException;
import dev.resilience.engine.RateConfig;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Verifies what a policy says below {@code limit}. */
final class LimitReader {
    private static final Pattern RATE = Pattern.compile("([0-9]{1,9})/([sm])");
    private static final Pattern NUMBER = Pattern.compile("[0-9]+");
    private static final String OFF = "off";
    private static final String ADAPTIVE = "adaptive";

    /** A value of {@code limit.concurrency}, as written and as understood. */
    private record Chosen(String text, @Nullable ConcurrencyConfig concurrency) {}

    private static final Chosen NONE = new Chosen(OFF, null);

    private final PolicyReader policy;

    LimitReader(PolicyReader policy) {
        this.policy = policy;
    }

    /** An adaptive breaker brings an adaptive limit with it. */
    LimitConfig read(boolean isAdaptive) {
        Setting said = policy.effective("limit.concurrency");
        Chosen read = said != null ? policy.optional("limit.concurrency", this::concurrency) : unsaid(isAdaptive);
        Chosen chosen = read == null ? NONE : read;
        int queue = LimitConfig.DEFAULT_QUEUE;
        Duration maxWait = LimitConfig.DEFAULT_MAX_WAIT;
        if (chosen.concurrency != null) {
            queue = policy.value("limit.queue", LimitReader::queue, queue);
            maxWait = policy.value("limit.max-wait", LimitReader::maxWait, maxWait);
        }
        RateConfig rate = rate();
        if (read != null) {
            warnOfIdleKeys(chosen, queue);
        }
        Setting saidRate = policy.effective("limit.rate");
        if (saidRate == null || OFF.equals(saidRate.value())) {
            policy.warn("limit.burst", "has no effect without a rate");
        }
        return new LimitConfig(chosen.concurrency, queue, maxWait, rate);
    }

    private @Nullable Chosen unsaid(boolean isAdaptive) {
        if (!isAdaptive) {
            return NONE;
        }
        try {
            return new Chosen(ADAPTIVE, adaptive());
        } catch (ConfigException outOfBounds) {
            policy.fail(Objects.requireNonNull(policy.effective(Keys.LIMIT + outOfBounds.key())), outOfBounds.rule());
            return null;
        }
    }

    private @Nullable Chosen concurrency(Setting setting) {
        String text = setting.text();
        if (text.equals(OFF)) {
            return NONE;
        }
        try {
            if (text.equals(ADAPTIVE)) {
                return new Chosen(text, adaptive());
            }
            require(NUMBER.matcher(text).matches(), setting.key(), "1 to 100000, adaptive or off");
            return new Chosen(text, new ConcurrencyConfig.Fixed(Values.number(setting)));
        } catch (ConfigException outOfBounds) {
            Setting cause = policy.effective(Keys.LIMIT + outOfBounds.key());
            policy.fail(cause == null ? setting : cause, outOfBounds.rule());
            return null;
        }
    }

    /** A bound that is not given makes room for the one that is. */
    private ConcurrencyConfig adaptive() {
        Integer min = policy.optional("limit.min", Values::number);
        Integer max = policy.optional("limit.max", Values::number);
        int most = max != null ? max : Math.max(Adaptive.DEFAULT_MAX, min == null ? 0 : min);
        int least = min != null ? min : Math.min(Adaptive.DEFAULT_MIN, most);
        return new Adaptive(least, most);
    }

    private static int queue(Setting setting) {
        int queue = Values.number(setting);
        LimitConfig.requireQueue(queue);
        return queue;
    }

    private static Duration maxWait(Setting setting) {
        Duration maxWait = Values.duration(setting);
        LimitConfig.requireMaxWait(maxWait);
        return maxWait;
    }

    private @Nullable RateConfig rate() {
        return policy.optional("limit.rate", setting -> {
            if (setting.text().equals(OFF)) {
                return null;
            }
            Matcher matcher = RATE.matcher(setting.text());
            require(matcher.matches(), setting.key(), "a rate with its unit (s, m), for example 500/s, or off");
            int calls = Integer.parseInt(matcher.group(1));
            Duration per = matcher.group(2).equals("s") ? RateConfig.SECOND : RateConfig.MINUTE;
            try {
                int burst = policy.value("limit.burst", Values::number, RateConfig.defaultBurst(calls, per));
                return new RateConfig(calls, per, burst);
            } catch (ConfigException outOfBounds) {
                Setting cause = policy.effective(Keys.LIMIT + outOfBounds.key());
                policy.fail(cause == null ? setting : cause, outOfBounds.rule());
                return null;
            }
        });
    }

    private void warnOfIdleKeys(Chosen chosen, int queue) {
        if (!(chosen.concurrency instanceof Adaptive)) {
            for (String key : List.of("limit.min", "limit.max")) {
                policy.warn(key, "has no effect with concurrency " + chosen.text);
            }
        }
        if (chosen.concurrency == null) {
            for (String key : List.of("limit.queue", "limit.max-wait")) {
                policy.warn(key, "has no effect with concurrency " + chosen.text);
            }
        } else if (queue == 0) {
            policy.warn("limit.max-wait", "has no effect with queue 0");
        }
    }
}
