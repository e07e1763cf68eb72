package dev.resilience.benchmarks;

import dev.resilience.agent.guard.FaultLog;
import dev.resilience.agent.guard.GuardRegistry;
import dev.resilience.agent.policy.Loaded;
import dev.resilience.agent.policy.PolicyLoader;
import dev.resilience.instrumentation.api.Ending;
import dev.resilience.instrumentation.api.Guard;
import dev.resilience.instrumentation.api.Refusal;
import java.io.IOException;
import java.util.Map;
import java.util.Objects;

/** A guard of the whole agent, as the adapters get it: policy, breaker, calls in flight, deadlines; nobody records. */
final class AgentGuard {
    static Row.Operation succeeds(Map<String, String> settings) {
        Guard guard = of(settings);
        return () -> {
            ReusedCall call = ReusedCall.HERE.get();
            if (guard.tryAcquire(call) != null) {
                throw new IllegalStateException("refused: not what was to be measured");
            }
            guard.settle(call, Ending.OK);
            return call;
        };
    }

    /** Thrown and caught as an adapter makes it, with its message and stack trace. */
    static Row.Operation refuses() {
        Guard guard = of(Map.of(
                "resilience.mode", "enforce",
                "resilience.defaults.breaker.strategy", "consecutive",
                "resilience.defaults.breaker.open-for", "1h",
                "resilience.defaults.breaker.max-open-for", "1h"));
        for (Refusal refusal = null; refusal == null; ) {
            ReusedCall call = ReusedCall.HERE.get();
            refusal = guard.tryAcquire(call);
            guard.settle(call, Ending.failed(Ending.CONNECT, new IOException("refused by the peer")));
        }
        return () -> {
            try {
                Refusal refusal = Objects.requireNonNull(guard.tryAcquire(ReusedCall.HERE.get()));
                throw new IOException(refusal.message());
            } catch (IOException e) {
                return e;
            }
        };
    }

    private static Guard of(Map<String, String> settings) {
        FaultLog faults = new FaultLog(fault -> {
            throw new IllegalStateException(fault);
        });
        Loaded loaded = PolicyLoader.load(settings, Map.of());
        if (!loaded.problems().isEmpty()) {
            throw new IllegalStateException(loaded.problems().toString());
        }
        GuardRegistry registry = new GuardRegistry(loaded.policies(), new NobodyRecords(), faults, System.err::println);
        return Objects.requireNonNull(registry.jdbc(ReusedCall.URL, null));
    }

    private AgentGuard() {}
}
