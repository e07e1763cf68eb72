package dev.resilience.instrumentation.jdbc;

/** Why a statement is not answered by another than its database. Without a stack trace: there may be one for each call. */
final class NoAnswer extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final String code;

    /** @param code for telemetry, for example {@code in_transaction} */
    NoAnswer(String code, String because) {
        super(because, null, false, false);
        this.code = code;
    }

    /** Telemetry takes what stands before the colon. */
    @Override
    @SuppressWarnings("OverrideThrowableToString") // not for its message, but in place of the name of its class
    public String toString() {
        return code + ": " + getMessage();
    }
}
