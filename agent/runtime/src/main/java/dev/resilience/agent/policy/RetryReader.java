package dev.resilience.agent.policy;

import static dev.resilience.agent.policy.BadValue.require;

import dev.resilience.engine.Backoff;
import dev.resilience.engine.ConfigException;
import dev.resilience.engine.RetryConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Verifies what a policy says below {@code retry}. */
final class RetryReader {
    private static final String ATTEMPTS = Keys.RETRY + "attempts";
    private static final String BACKOFF = Keys.RETRY + "backoff";
    private static final String MAX_BACKOFF = Keys.RETRY + "max-backoff";
    private static final String BUDGET = Keys.RETRY + "budget";
    private static final String METHODS = Keys.RETRY + "methods";
    private static final String OFF = "off";

    private final PolicyReader policy;

    RetryReader(PolicyReader policy) {
        this.policy = policy;
    }

    /** Null if nothing is made again: unless told how often, nothing is. */
    @Nullable
    Retries read(Match match) {
        Setting said = policy.effective(ATTEMPTS);
        if (said == null || OFF.equals(said.value())) {
            for (String key : List.of(BACKOFF, MAX_BACKOFF, BUDGET, METHODS)) {
                policy.warn(key, "has no effect without attempts");
            }
            return null;
        }
        return policy.optional(ATTEMPTS, setting -> retries(setting, match));
    }

    private @Nullable Retries retries(Setting setting, Match match) {
        int attempts = Values.number(setting);
        Duration base = policy.value(BACKOFF, Values::duration, RetryConfig.DEFAULT_BACKOFF);
        Duration most = policy.optional(MAX_BACKOFF, Values::duration);
        double budget = policy.value(BUDGET, Values::share, RetryConfig.DEFAULT_BUDGET);
        List<Glob> methods = policy.value(METHODS, given -> methods(given, match), List.of());
        try {
            Backoff backoff = new Backoff(base, most != null ? most : longer(RetryConfig.DEFAULT_MAX_BACKOFF, base));
            return new Retries(new RetryConfig(attempts, backoff, budget), methods);
        } catch (ConfigException outOfBounds) {
            Setting cause = policy.effective(Keys.RETRY + outOfBounds.key());
            policy.fail(cause == null ? setting : cause, outOfBounds.rule());
            return null;
        }
    }

    /** A bound that is not given makes room for the base that is. */
    private static Duration longer(Duration most, Duration base) {
        return base.compareTo(most) > 0 ? base : most;
    }

    private List<Glob> methods(Setting setting, Match match) {
        require(
                match.serves(Protocol.GRPC) || !policy.says(METHODS),
                METHODS,
                "left out: methods are of gRPC, which this policy does not guard");
        List<Glob> methods = new ArrayList<>();
        for (String entry : setting.entries()) {
            int slash = entry.indexOf('/');
            require(
                    slash > 0 && slash == entry.lastIndexOf('/') && slash < entry.length() - 1,
                    METHODS,
                    "a method of gRPC with its service, or a list of them, for example shop.Stock/Get*");
            methods.add(Glob.rpc(entry));
        }
        require(!methods.isEmpty(), METHODS, "a method of gRPC with its service, or a list of them");
        return methods;
    }
}
