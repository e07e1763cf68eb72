package dev.resilience.instrumentation.jdbc;

import java.sql.ResultSet;
import org.jspecify.annotations.Nullable;

/** Carries rows past the method of the driver that has none: thrown by nobody, it is what advice skips a method with. */
final class Given extends Exception {
    private static final long serialVersionUID = 1;

    private final transient ResultSet rows;

    Given(ResultSet rows) {
        super(null, null, false, false);
        this.rows = rows;
    }

    ResultSet rows() {
        return rows;
    }

    /** What a method that executes returns: that there are rows, or the rows. */
    Object insteadOf(@Nullable Object returned) {
        return returned instanceof Boolean ? (Object) true : rows;
    }
}
