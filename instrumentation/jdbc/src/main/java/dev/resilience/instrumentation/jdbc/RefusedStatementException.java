package dev.resilience.instrumentation.jdbc;

import dev.resilience.instrumentation.api.Refusal;
import dev.resilience.instrumentation.api.Thrown;
import java.sql.SQLTransientException;
import org.jspecify.annotations.Nullable;

/** What the caller of a refused statement catches: says why when it is read, and has a stack trace only if it is to. */
final class RefusedStatementException extends SQLTransientException {
    private static final long serialVersionUID = 1;

    /** Null for the constructor of all SQL exceptions, which prints them where JDBC keeps a log. */
    private final transient @Nullable Refusal refusal;

    RefusedStatementException(Refusal refusal) {
        super(null, SqlEndings.REFUSED);
        this.refusal = refusal;
        if (refusal.showsStackTrace()) {
            super.fillInStackTrace();
        }
    }

    @Override
    public @Nullable String getMessage() {
        return refusal == null ? null : refusal.message();
    }

    /** Asked by the constructor of all exceptions; writes nothing, and so needs no monitor. */
    @Override
    @SuppressWarnings("UnsynchronizedOverridesSynchronized")
    public Throwable fillInStackTrace() {
        return this;
    }

    @Override
    public String toString() {
        return Thrown.text(this);
    }

    private Object writeReplace() {
        return Thrown.inPlaceOf(this, new SQLTransientException(getMessage(), SqlEndings.REFUSED));
    }
}
