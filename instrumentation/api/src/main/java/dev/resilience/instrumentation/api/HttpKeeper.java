package dev.resilience.instrumentation.api;

/** Keeps good answers of HTTP calls, for when there is no other. */
public interface HttpKeeper {
    /** A call that is about to be made, or refused. */
    HttpKeeping asking(HttpAsk ask);
}
