package dev.resilience.instrumentation.jdbc;

import java.sql.Statement;
import org.jspecify.annotations.Nullable;

/** What a statement tells of its results while it has those it was given: as {@link Given}, advice skips by it. */
final class Told extends Exception {
    private static final long serialVersionUID = 1;

    private final transient Standing standing;
    private final transient Statement statement;

    Told(Standing standing, Statement statement) {
        super(null, null, false, false);
        this.standing = standing;
        this.statement = statement;
    }

    /** By what the method returns: the rows, how many were changed, or whether there is a further result. */
    @Nullable
    Object insteadOf(@Nullable Object returned) {
        if (returned instanceof Boolean) {
            standing.goOn();
            return false;
        }
        if (returned instanceof Integer) {
            return -1;
        }
        if (returned instanceof Long) {
            return -1L;
        }
        return standing.isOver() ? null : standing.rowsOf(statement);
    }
}
