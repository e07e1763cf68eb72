package dev.resilience.benchmarks;

/** {@link PlainClient} again, woven with {@link StatefulAdvice}. */
public class StatefulClient {
    public Object execute(String sql) {
        return sql;
    }
}
