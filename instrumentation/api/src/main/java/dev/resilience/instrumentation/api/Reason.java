package dev.resilience.instrumentation.api;

/** Why a call was refused or cut short, with the code that stands on spans and in messages. */
public enum Reason {
    DEADLINE_EXHAUSTED(100, "deadline_exhausted"),
    /** An answer that had begun stopped half-way: time ran out too, so the code is the same. */
    READ_STALL(100, "read_stall"),
    RATE_LIMITED(101, "rate_limited"),
    CIRCUIT_OPEN(102, "circuit_open"),
    CONCURRENCY_LIMIT(103, "concurrency_limit"),
    DRAINING(104, "draining"),
    REVOKED(105, "revoked");

    private final int code;
    private final String text;

    Reason(int code, String text) {
        this.code = code;
        this.text = text;
    }

    /** The cause code, 100 to 105. */
    public int code() {
        return code;
    }

    /** Whether the call was made, and time ran out. */
    public boolean isTimeout() {
        return code == DEADLINE_EXHAUSTED.code;
    }

    /** The name in telemetry, for example {@code circuit_open}. */
    public String text() {
        return text;
    }
}
