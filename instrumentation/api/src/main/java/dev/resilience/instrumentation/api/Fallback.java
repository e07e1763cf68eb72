package dev.resilience.instrumentation.api;

/**
 * An answer the policy wants given in place of a refusal or of the target's fault. The adapter makes the library's own
 * object of it and says how that went: exactly one of {@link #served} and {@link #failed}.
 */
public interface Fallback {
    StaticAnswer answer();

    /** The caller gets the answer. */
    void served();

    /** The answer could not be made; the caller gets the refusal or the fault itself. */
    void failed(Throwable cause);
}
