package dev.resilience.benchmarks;

import dev.resilience.instrumentation.api.ClientModule;
import dev.resilience.instrumentation.api.JoinPoint;
import java.util.List;

/** Weaves each client of this package with the advice of its name. */
final class BenchmarkModule implements ClientModule {
    @Override
    public String name() {
        return "benchmarks";
    }

    @Override
    public String library() {
        return "the benchmarks";
    }

    @Override
    public boolean namesLibraryTypes() {
        return false;
    }

    @Override
    public List<JoinPoint> joinPoints() {
        return List.of(
                join(UndecidedClient.class, UndecidedAdvice.class),
                join(StatefulClient.class, StatefulAdvice.class),
                join(GuardedClient.class, GuardedAdvice.class));
    }

    private static JoinPoint join(Class<?> client, Class<?> advice) {
        return new JoinPoint(
                new JoinPoint.Types.Named(client.getName()),
                List.of(new JoinPoint.Method("execute", null, null, advice.getName())),
                null);
    }
}
