package dev.resilience.agent.guard;

import dev.resilience.agent.policy.LimitConfig;
import dev.resilience.engine.Breaker;
import dev.resilience.engine.ConcurrencyConfig;
import dev.resilience.engine.Outcome;
import dev.resilience.engine.RateLimit;
import dev.resilience.instrumentation.api.Call;
import dev.resilience.instrumentation.api.Reason;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** How many calls one target gets under one policy, at once and in time; shared by its guards over reloads. */
final class Limits {
    /** Notes on a call, see {@link Call#limits}: it has a place that it owes. */
    static final int PLACED = 1;

    /** It would have been refused. */
    static final int DENIED = 2;

    private final LimitConfig config;
    private final @Nullable RateLimit rate;
    private final @Nullable Places places;

    private Limits(LimitConfig config, @Nullable RateLimit rate, @Nullable Places places) {
        this.config = config;
        this.rate = rate;
        this.places = places;
    }

    /** {@code before} are those that these follow, whose calls in flight stay counted. */
    static Limits of(LimitConfig config, @Nullable Limits before, InFlight inFlight, LongSupplier nanoClock) {
        long now = nanoClock.getAsLong();
        ConcurrencyConfig calls = config.concurrency();
        Places places = null;
        if (calls != null) {
            places = before == null ? null : before.places;
            if (before == null || places == null || !places.adopts(calls, before.config.concurrency())) {
                places = new Places(Gate.of(calls, now), inFlight, nanoClock);
            }
        }
        return new Limits(config, rate(config, before, now), places);
    }

    private static @Nullable RateLimit rate(LimitConfig config, @Nullable Limits before, long nowNanos) {
        if (config.rate() == null) {
            return null;
        }
        return before != null && config.rate().equals(before.config.rate())
                ? before.rate
                : new RateLimit(config.rate(), nowNanos);
    }

    LimitConfig config() {
        return config;
    }

    /**
     * Takes what one call needs, and a place only if it has none; why not, if that is not to be had, and then nothing is
     * taken.
     */
    @Nullable
    Reason tryBegin(Call call, long nowNanos) {
        boolean placed = call.limits() == PLACED;
        // a look first: a place that a call takes only to be refused would be missing for another
        if (rate != null && rate.retryAfterNanos(nowNanos) > 0) {
            return Reason.RATE_LIMITED;
        }
        if (!placed && places != null) {
            long permit = places.tryEnter(nowNanos);
            if (permit == Breaker.LIMITED) {
                return Reason.CONCURRENCY_LIMIT;
            }
            call.placed(permit);
            call.limits(PLACED);
        }
        if (rate != null && !rate.tryAcquire(nowNanos)) {
            if (!placed) {
                leave(call, Outcome.IGNORED, nowNanos);
            }
            return Reason.RATE_LIMITED;
        }
        return null;
    }

    /** Whether the call got a place by waiting for it. */
    boolean awaitsPlace(Call call, long budgetNanos) {
        if (places == null || config.queue() == 0) {
            return false;
        }
        long patience = Math.min(call.patienceNanos(), config.maxWait().toNanos());
        if (budgetNanos > 0) {
            patience = Math.min(patience, budgetNanos);
        }
        long permit = patience <= 0 ? Breaker.LIMITED : places.enter(call, config.queue(), patience);
        if (permit == Breaker.LIMITED) {
            return false;
        }
        call.placed(permit);
        call.limits(PLACED);
        return true;
    }

    /** Gives back the place of the call, if it has one. */
    void leave(Call call, Outcome outcome, long nowNanos) {
        if (call.limits() == PLACED) {
            call.limits(0);
            leave(call.placed(), outcome, nowNanos);
        }
    }

    /** Gives back a place. */
    void leave(long permit, Outcome outcome, long nowNanos) {
        if (places != null) {
            places.exit(permit, outcome, nowNanos);
        }
    }

    /** Whether it counts the calls in flight. */
    boolean placesCalls() {
        return places != null;
    }

    /** Whether what refuses for this reason moves with the pulse. */
    boolean needsPulse(Reason reason) {
        return reason == Reason.CONCURRENCY_LIMIT && adapts();
    }

    long retryAfterNanos(Reason reason, long nowNanos) {
        return reason == Reason.RATE_LIMITED && rate != null ? rate.retryAfterNanos(nowNanos) : 0;
    }

    /** What decides now, for {@link #counts} to write down if anybody wants to read it. */
    long tally() {
        return places == null ? 0 : ((long) places.inFlight() << Integer.SIZE) | places.limit();
    }

    /** What decides, as text. */
    String counts(Reason reason, long tally) {
        if (reason == Reason.RATE_LIMITED && rate != null) {
            return "rate=" + rate.config() + ", burst=" + rate.config().burst();
        }
        return places == null ? "" : "in flight=" + (int) (tally >> Integer.SIZE) + "/" + (int) tally;
    }

    void pulse(long nowNanos) {
        if (places != null && adapts()) {
            places.pulse(nowNanos);
        }
    }

    /** Whether new ones would let the same calls through. */
    boolean isAtRest(long nowNanos) {
        return (rate == null || rate.isAtRest(nowNanos)) && (places == null || places.inFlight() == 0);
    }

    boolean adapts() {
        return config.concurrency() instanceof ConcurrencyConfig.Adaptive;
    }

    void wakeAll() {
        if (places != null) {
            places.wakeAll();
        }
    }

    /** How many threads stand in line. */
    int waiting() {
        return places == null ? 0 : places.waiting();
    }
}
