package dev.resilience.instrumentation.jdbc;

import dev.resilience.instrumentation.api.Refusal;
import java.sql.SQLException;

/** Lends the adapter's own exception to what measures it, from inside its package. */
public final class RefusedStatement {
    public static SQLException exception(Refusal refusal) {
        return new RefusedStatementException(refusal);
    }

    private RefusedStatement() {}
}
