package dev.resilience.instrumentation.jdbc;

import java.lang.ref.WeakReference;
import java.sql.ResultSet;
import java.sql.Statement;
import org.jspecify.annotations.Nullable;

/** What stands for the result of a statement that the driver does not have. It does not hold the statement. */
abstract class Standing {
    private volatile boolean closed;
    private boolean over;
    private @Nullable WeakReference<ResultSet> handedOut;

    /** The rows, always the same as long as the application has them. */
    final ResultSet rowsOf(Statement statement) {
        ResultSet known = handedOut == null ? null : handedOut.get();
        if (known == null) {
            known = rows(statement);
            handedOut = new WeakReference<>(known);
        }
        return known;
    }

    abstract ResultSet rows(Statement statement);

    /** The application went on to the next result, of which there is none. */
    final void goOn() {
        over = true;
        close();
    }

    /** Whether the statement was told that there is no further result. */
    final boolean isOver() {
        return over;
    }

    final boolean isClosed() {
        return closed;
    }

    final void close() {
        closed = true;
    }
}
