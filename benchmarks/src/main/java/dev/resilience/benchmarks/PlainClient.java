package dev.resilience.benchmarks;

/** A client whose call costs next to nothing, so that what is woven around it shows; shaped like JDBC's. */
public class PlainClient {
    public Object execute(String sql) {
        return sql;
    }
}
