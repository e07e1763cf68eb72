package dev.resilience.benchmarks;

/** {@link PlainClient} again, woven with {@link UndecidedAdvice}. */
public class UndecidedClient {
    public Object execute(String sql) {
        return sql;
    }
}
