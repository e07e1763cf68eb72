package dev.resilience.instrumentation.api;

/** Keeps good answers of calls that are one message there and one back, for when there is no other. */
public interface MessageKeeper {
    /** Takes the arrays over, and returns at once. */
    void keep(MessageAsk ask, byte[] answer);
}
