package dev.resilience.agent.policy;

import dev.resilience.engine.RetryConfig;
import java.util.List;

/**
 * Which calls that failed a policy makes again, and how.
 *
 * @param methods those of gRPC that may be made twice, with their service
 */
public record Retries(RetryConfig config, List<Glob> methods) {

    public Retries {
        methods = List.copyOf(methods);
    }

    /** Whether this method of gRPC may be made twice, as its policy says. */
    public boolean isIdempotent(String service, String method) {
        if (methods.isEmpty()) {
            return false;
        }
        String rpc = service + "/" + method;
        for (int i = 0; i < methods.size(); i++) {
            if (methods.get(i).matches(rpc)) {
                return true;
            }
        }
        return false;
    }
}
