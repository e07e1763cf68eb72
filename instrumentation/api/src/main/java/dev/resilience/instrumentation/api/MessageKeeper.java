package dev.resilience.instrumentation.api;

/** Keeps good answers of calls that are one message there and one back, or of statements, for when there is no other. */
public interface MessageKeeper {
    /** How long an answer may be that is kept, in bytes. */
    default int mostBytes() {
        return Integer.MAX_VALUE;
    }

    /** Takes the arrays over, and returns at once. */
    void keep(MessageAsk ask, byte[] answer);
}
