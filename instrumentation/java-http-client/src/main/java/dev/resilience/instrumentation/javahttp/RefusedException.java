package dev.resilience.instrumentation.javahttp;

import dev.resilience.instrumentation.api.Refusal;
import dev.resilience.instrumentation.api.Thrown;
import java.io.IOException;

/** What the caller of a refused request catches: says why when it is read, and has a stack trace only if it is to. */
final class RefusedException extends IOException {
    private static final long serialVersionUID = 1;

    private final transient Refusal refusal;

    RefusedException(Refusal refusal) {
        this.refusal = refusal;
        if (refusal.showsStackTrace()) {
            super.fillInStackTrace();
        }
    }

    @Override
    public String getMessage() {
        return refusal.message();
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
        return Thrown.inPlaceOf(this, new IOException(getMessage()));
    }
}
