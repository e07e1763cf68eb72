package dev.resilience.benchmarks;

import dev.resilience.agent.guard.FaultLog;
import dev.resilience.agent.guard.GuardRegistry;
import dev.resilience.agent.policy.Loaded;
import dev.resilience.agent.policy.PolicyLoader;
import dev.resilience.instrumentation.api.Ending;
import dev.resilience.instrumentation.api.Guard;
import dev.resilience.instrumentation.api.Refusal;
import dev.resilience.instrumentation.javahttp.RefusedRequest;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;

/** A guard of the whole agent, as the adapters get it: policy, breaker, calls in flight, deadlines; nobody records. */
final class AgentGuard {
    private static final Map<String, String> OPEN = Map.of(
            "resilience.mode", "enforce",
            "resilience.defaults.breaker.strategy", "consecutive",
            "resilience.defaults.breaker.open-for", "1h",
            "resilience.defaults.breaker.max-open-for", "1h");

    static Row.Operation succeeds(Map<String, String> settings) {
        Guard guard = jdbc(registry(settings));
        return () -> {
            ReusedCall call = ReusedCall.HERE.get();
            if (guard.tryAcquire(call) != null) {
                throw new IllegalStateException("refused: not what was to be measured");
            }
            guard.settle(call, Ending.OK);
            return call;
        };
    }

    /** Thrown and caught as the adapter makes it; nobody reads it. */
    static Row.Operation refuses(Function<Refusal, Exception> exception) {
        Guard guard = jdbc(registry(OPEN));
        open(guard);
        return () -> {
            try {
                throw exception.apply(Objects.requireNonNull(guard.tryAcquire(ReusedCall.HERE.get())));
            } catch (Exception e) {
                return e;
            }
        };
    }

    /** The same with all that the adapter does for a request. */
    static Row.Operation refusesRequest() {
        GuardRegistry registry = registry(OPEN);
        URI uri = URI.create("http://127.0.0.1:8080/orders/17");
        open(Objects.requireNonNull(registry.http("GET", uri)));
        RefusedRequest adapter = new RefusedRequest(registry);
        HttpRequest request = HttpRequest.newBuilder(uri).build();
        return () -> {
            try {
                return adapter.send(request);
            } catch (IOException e) {
                return e;
            }
        };
    }

    private static void open(Guard guard) {
        ReusedCall call = ReusedCall.HERE.get();
        while (guard.tryAcquire(call) == null) {
            guard.settle(call, Ending.failed(Ending.CONNECT, new IOException("refused by the peer")));
        }
    }

    private static Guard jdbc(GuardRegistry registry) {
        return Objects.requireNonNull(registry.jdbc(ReusedCall.URL, null));
    }

    private static GuardRegistry registry(Map<String, String> settings) {
        FaultLog faults = new FaultLog(fault -> {
            throw new IllegalStateException(fault);
        });
        Loaded loaded = PolicyLoader.load(settings, Map.of());
        if (!loaded.problems().isEmpty()) {
            throw new IllegalStateException(loaded.problems().toString());
        }
        return new GuardRegistry(loaded.policies(), new NobodyRecords(), faults, System.err::println);
    }

    private AgentGuard() {}
}
