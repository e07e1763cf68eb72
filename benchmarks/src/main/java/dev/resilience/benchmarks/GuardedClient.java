package dev.resilience.benchmarks;

/** {@link PlainClient} again, woven with {@link GuardedAdvice}. */
public class GuardedClient {
    public Object execute(String sql) {
        return sql;
    }
}
