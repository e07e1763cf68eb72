package dev.resilience.spi;

/**
 * Judges one target while its breaker is closed. Reads no clock, starts no thread and waits for nothing: it is asked ten
 * times a second, in turn with those of all other targets.
 *
 * <p>One that throws is not asked again, and its target is admitted all its calls.
 */
public interface Judge {
    /** Whether the breaker is to open, now that this much more is known. Also asked when no call ended. */
    boolean trips(Interval interval);

    /** What decides, for people: on spans and in messages, for example {@code "failures=12/20"}. */
    String counts();

    /**
     * Whether nothing that it has seen could help to trip it. Then it need not be asked until the next call ends, and may
     * be forgotten with its target.
     */
    default boolean isQuiet() {
        return false;
    }
}
