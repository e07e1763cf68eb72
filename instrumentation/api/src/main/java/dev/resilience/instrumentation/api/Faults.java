package dev.resilience.instrumentation.api;

/** Where the agent's own faults end: counted, logged once per site, and the application's call goes on. */
public interface Faults {
    /**
     * Never throws.
     *
     * @param site a short constant name of the place, for example {@code "java-http-client/settle"}
     */
    void report(String site, Throwable fault);
}
