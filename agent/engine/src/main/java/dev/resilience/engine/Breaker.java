package dev.resilience.engine;

import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A circuit breaker: refuses calls to a target that keeps failing, then probes for recovery.
 *
 * <p>Every {@code nowNanos} is a reading of one monotone clock on any scale, for example {@link System#nanoTime}. Any
 * number of threads may call; no method blocks.
 */
public sealed interface Breaker permits Instance, LayeredBreaker {
    /** No permit: it is open. */
    long REFUSED = -1;

    /** No permit: as many calls are in flight as the target can use. */
    long LIMITED = -2;

    /**
     * Of a hot breaker's calls one in so many is timed, drawn at random: that part of two clock reads of 25 ns each is
     * less than what a call counts, and 150 a pulse, at the least, are enough for a median and a tail.
     */
    int TIMED = 32;

    /** Whether what {@link #tryAcquire} returned is no permit. */
    static boolean isRefusal(long permit) {
        return permit == REFUSED || permit == LIMITED;
    }

    interface Listener {
        /** Told of each transition once, on the thread that caused it, after the breaker has made it. */
        void transition(BreakerState from, BreakerState to, String counts);

        /** Told of what an adaptive breaker counted, by its pulse, unless that was nothing. */
        default void counted(Counted counted) {
            // most want to know of transitions alone
        }

        /**
         * Asked for the time of day at this reading of the clock, in nanoseconds since an instant that is the same for
         * all who call the target: they look at the same time how long it takes without a queue.
         */
        default long timeOfDay(long nowNanos) {
            return nowNanos;
        }

        /** Asked before what was counted opens it; one that may not goes on counting, and asks again. */
        default boolean mayOpen() {
            return true;
        }
    }

    /** {@code random} spreads the waits; any thread that opens the breaker asks it. */
    static Breaker of(BreakerConfig config, RandomGenerator random, Listener listener, long nowNanos) {
        return config.layers() == null
                ? Instance.of(config, random, listener, nowNanos)
                : new LayeredBreaker(config, config.layers(), null, random, listener, nowNanos);
    }

    /** Returns a permit for one call, to be settled when the call ends, or {@link #REFUSED} or {@link #LIMITED}. */
    long tryAcquire(long nowNanos);

    /** The same for a call that only brings about others, like opening a connection: no limit counts it or times it. */
    long tryAcquireUncounted(long nowNanos);

    /** Whether so many calls come that it is enough to time one in {@link #TIMED}, drawn at random. */
    boolean isHot();

    /** The same for a call of a hot breaker that nobody times: it begins within the pulse. */
    long tryAcquireUntimed();

    /** Says that such a call succeeded; how long it took, others say. A call that fails is settled like any other. */
    void settleUntimed(long permit);

    /** Says how a call ended, once per permit. Of an earlier generation it decides nothing, nor does a refusal. */
    void settle(long permit, Outcome outcome, long nowNanos);

    /**
     * Opens it for what its strategy does not count, unless it is open or may not; where probes decide, they go on to.
     */
    void trip(String cause, long nowNanos);

    /** To be called every 100 ms: most of what is decided, and all that time alone brings about. */
    void pulse(long nowNanos);

    BreakerState state();

    /** Whether it is closed with nothing that speaks against its target: a new one would decide the same, or soon. */
    boolean isAtRest();

    /** Whether a pulse would change nothing before the next call comes or ends. */
    boolean isStill();

    /** How long until the next probe may start; 0 if not open. */
    long retryAfterNanos(long nowNanos);

    /** What our own process did of late that was not held against the target; null if nothing. */
    @Nullable
    Stall stall(long nowNanos);

    /** How many calls may be in flight; {@link Integer#MAX_VALUE} if any number. */
    int limit();

    /** How many calls are in flight, without those that were written off; 0 if nothing depends on it. */
    int inFlight();

    /** The counts that decide now, or those that opened it, as text. */
    default String counts() {
        String opened = cause();
        return opened == null ? counts(tally()) : opened;
    }

    /** The counts that opened it, as text; null unless it is open. */
    @Nullable
    String cause();

    /** The counts that decide now, for {@link #counts(long)} to write down if anybody wants to read them. */
    long tally();

    String counts(long tally);

    /** Which of its layers refuses calls now, or null if none does or there are none. */
    default @Nullable Layer layer() {
        return null;
    }

    /** Whether it would be open, but as many instances of its service as may be are open already. */
    default boolean isSpared() {
        return false;
    }

    BreakerConfig config();
}
