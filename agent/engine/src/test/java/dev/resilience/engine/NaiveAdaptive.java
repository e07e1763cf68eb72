package dev.resilience.engine;

import static dev.resilience.engine.BreakerState.CLOSED;
import static dev.resilience.engine.BreakerState.HALF_OPEN;
import static dev.resilience.engine.BreakerState.OPEN;
import static dev.resilience.engine.Outcome.FAILURE;
import static dev.resilience.engine.Outcome.IGNORED;
import static dev.resilience.engine.Outcome.SUCCESS;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What an adaptive breaker promises to one thread. Every call and every outcome is an object in a list, and what is
 * counted is counted anew from the list. What the breaker learns (its limit, its patience, its waits) is not foretold but
 * read from it and held against its bounds.
 */
final class NaiveAdaptive {
    private static final long PULSE = 100_000_000;
    private static final long STALL = 250_000_000;
    private static final long OVERDUE = 1_000_000_000;
    private static final long LEAST_PATIENCE = 1_000_000_000;
    private static final long MOST_PATIENCE = 60_000_000_000L;
    private static final long LONGEST_WAIT = 2_400_000_000L;
    /** Of what a clock that steps back leaves of a wait. */
    private static final long MOST_LEFT = 4_000_000_000L;

    private static final int STREAK = 20;
    private static final int PROBES = 3;
    /** 10 % of the calls, and 1.6 times as many each pulse, are all of them at the fifth. */
    private static final int PULSES_TO_CLOSE = 5;

    enum Kind {
        COUNTED,
        UNCOUNTED,
        PROBE
    }

    static final class Call {
        final long permit;
        final Kind kind;
        final long position;
        private final long start;
        private boolean writtenOff;

        Call(long permit, Kind kind, long position, long start) {
            this.permit = permit;
            this.kind = kind;
            this.position = position;
            this.start = start;
        }

        /** A permit is right to 1,024 ns; once in 78 hours there is a start it cannot say, and it says the next. */
        long age(long now) {
            long began = start >> 10;
            return ((now >> 10) - (began << 26 == 0 ? began + 1 : began)) << 10;
        }
    }

    /** An outcome of this closed generation, and when a pulse counted it, in seconds lived. */
    private static final class Ended {
        final Outcome outcome;
        final boolean isTimed;
        boolean isOfARow = true;
        double at = Double.NaN;

        Ended(Outcome outcome, boolean isTimed) {
            this.outcome = outcome;
            this.isTimed = isTimed;
        }

        boolean isPending() {
            return Double.isNaN(at);
        }
    }

    private final AdaptiveBreaker breaker;
    private final Strategy.Adaptive strategy;

    final List<Call> calls = new ArrayList<>();
    final List<String> transitions = new ArrayList<>();
    private final List<Ended> ended = new ArrayList<>();

    BreakerState state = CLOSED;
    /** How many generations began; a permit has the last 12 bits of it. */
    private long position;

    private long closedPosition;
    private int rampPulses;
    /** At the last pulse nothing was under way, and no call came since. */
    private boolean quiet;

    private boolean ready;
    private int succeeded;
    private @Nullable Call probe;

    private long openedAt;
    /** The oldest of the probes of this outage that were given up and answered after all. */
    private long latestProbe;
    /** How long the probe took, of those answered late, that the next pulse learns patience from. */
    private long lateAnswer;

    private long lastPulse;
    private long stallEnd;
    /** Seconds between pulses, without those in which the process stood still. */
    private double lived;

    // when, and what the breaker said, before it was asked to do something
    private long lookedAt;
    private long patience;
    private long retry;
    private int limit;
    private long generations;
    private boolean isPulsed;

    NaiveAdaptive(AdaptiveBreaker breaker, long now) {
        this.breaker = breaker;
        this.strategy = (Strategy.Adaptive) breaker.config().strategy();
        this.lastPulse = now;
        this.stallEnd = now;
    }

    /** Those that still count; opening and writing off let go of what hangs. */
    long inFlight() {
        return calls.stream().filter(this::isInFlight).count();
    }

    /** After 4,096 generations one has the number of the last closed one: its calls are told apart no more. */
    boolean isNumberedAsClosed() {
        return state == OPEN && (position - closedPosition) % 4096 == 0;
    }

    private boolean isInFlight(Call call) {
        return call.kind == Kind.COUNTED && call.position == closedPosition && !call.writtenOff;
    }

    /** Asks the breaker for a permit; null if it refused, and had a right to. */
    @Nullable
    Call acquire(boolean isCounted, long now) {
        if (state == HALF_OPEN && now - lastPulse > OVERDUE) {
            // one in some that come now makes the pulse; by chance, so not here
            pulse(now);
        }
        look(now);
        if (breaker.isStill()) {
            lastPulse = now;
        }
        boolean isOverdue = now - lastPulse > OVERDUE;
        long permit = isCounted ? breaker.tryAcquire(now) : breaker.tryAcquireUncounted(now);
        if (state == OPEN && isOverdue) {
            pulsed(now);
        }
        quiet &= !isCounted && state != CLOSED;
        Call call = state == OPEN ? probe(permit, now) : enter(permit, isCounted, isOverdue, now);
        checkLimitStays(isOverdue);
        return call;
    }

    private @Nullable Call probe(long permit, long now) {
        check(ready != Breaker.isRefusal(permit), "a probe was admitted although it may not start, or the reverse");
        if (!ready) {
            return null;
        }
        position++;
        ready = false;
        probe = admitted(permit, Kind.PROBE, now);
        return probe;
    }

    private @Nullable Call enter(long permit, boolean isCounted, boolean isOverdue, long now) {
        if (permit == Breaker.REFUSED) {
            check(state == HALF_OPEN, "refused while %s", state);
            return null;
        }
        if (permit == Breaker.LIMITED) {
            check(isCounted, "limited although it is not counted");
            check(inFlight() >= limit, "limited with %d in flight of %d", inFlight(), limit);
            check(!isOverdue || inFlight() >= strategy.maxLimit(), "held up by a limit that nobody adapts");
            return null;
        }
        Call call = admitted(permit, isCounted ? Kind.COUNTED : Kind.UNCOUNTED, now);
        check(!isCounted || inFlight() <= breaker.limit(), "admitted as number %d of %d", inFlight(), breaker.limit());
        return call;
    }

    private Call admitted(long permit, Kind kind, long now) {
        long generation = Permit.generation(permit);
        check(generation == (position & 4095), "generation %d is not number %d", generation, position);
        Call call = new Call(permit, kind, position, now);
        calls.add(call);
        return call;
    }

    void settle(Call call, Outcome outcome, long now) {
        look(now);
        boolean wasStill = breaker.isStill();
        breaker.settle(call.permit, outcome, now);
        calls.remove(call);
        if (call.kind == Kind.PROBE) {
            settleProbe(call, outcome, now);
        } else if (state == OPEN || call.position != closedPosition || call.writtenOff) {
            late(outcome);
        } else {
            count(call, outcome, wasStill, now);
        }
        checkLimitStays(false);
    }

    private void count(Call call, Outcome outcome, boolean wasStill, long now) {
        boolean isTimed = outcome == FAILURE || call.kind == Kind.COUNTED;
        if (outcome == FAILURE || (outcome == SUCCESS && isTimed && call.age(now) >= PULSE)) {
            quiet = false;
            lastPulse = wasStill ? now : lastPulse;
            if (now - lastPulse > STALL) {
                pulsed(now);
            }
            if (call.age(now) >= now - stallEnd) {
                return;
            }
        }
        if (outcome != IGNORED && state != OPEN) {
            ended.add(new Ended(outcome, isTimed));
            openAfterStreak();
        }
    }

    private void openAfterStreak() {
        int streak = 0;
        for (int i = ended.size() - 1; i >= 0 && ended.get(i).outcome == FAILURE; i--) {
            streak += ended.get(i).isOfARow ? 1 : 0;
        }
        if (streak >= STREAK) {
            open("failures=" + streak + " in a row");
        }
    }

    private void settleProbe(Call call, Outcome outcome, long now) {
        long age = call.age(now);
        if (call != probe && outcome == SUCCESS && age >= 0 && age <= now - openedAt) {
            lateAnswer = Math.max(lateAnswer, Math.min(age, now - stallEnd));
        }
        if (call != probe && outcome == SUCCESS && state == OPEN && age >= 0 && age <= now - openedAt) {
            latestProbe = Math.max(latestProbe, age);
            succeeded(probe);
        } else if (call != probe) {
            late(outcome);
        } else if (outcome == FAILURE) {
            await(now);
        } else if (outcome == SUCCESS) {
            succeeded(null);
        } else {
            ready = true;
            probe = null;
        }
    }

    /** One of this outage, on time or not; {@code out} may be under way still. */
    private void succeeded(@Nullable Call out) {
        if (succeeded + 1 < PROBES) {
            succeeded++;
            ready = out == null;
            probe = out;
            return;
        }
        position++;
        closedPosition = position;
        ended.clear();
        rampPulses = 0;
        quiet = false;
        probe = null;
        move(HALF_OPEN, "3 probes in a row succeeded");
    }

    /** It answers after all: worth a probe, and no more than that. */
    private void late(Outcome outcome) {
        ready |= outcome == SUCCESS && state == OPEN && probe == null;
    }

    private void await(long now) {
        succeeded = 0;
        awaitLate(now);
    }

    private void awaitLate(long now) {
        position++;
        probe = null;
        ready = false;
        long wait = breaker.retryAfterNanos(now);
        check(wait > 0 && wait <= LONGEST_WAIT, "waits %d ns", wait);
    }

    private void open(String cause) {
        if (strategy.opens() && state != OPEN) {
            position++;
            succeeded = 0;
            probe = null;
            ready = false;
            openedAt = lookedAt;
            latestProbe = 0;
            move(OPEN, cause);
        }
    }

    private void move(BreakerState to, String counts) {
        transitions.add(state + ">" + to + " " + counts);
        state = to;
    }

    void pulse(long now) {
        look(now);
        boolean wasStill = breaker.isStill();
        breaker.pulse(now);
        pulsed(now);
        check(!wasStill || state == CLOSED, "a pulse moved what was still");
    }

    private void look(long now) {
        lookedAt = now;
        patience = breaker.patienceNanos();
        retry = breaker.retryAfterNanos(now);
        limit = breaker.limit();
        generations = closedPosition;
        isPulsed = false;
    }

    /** Only a pulse decides on a limit, and a generation begins with its own. */
    private void checkLimitStays(boolean isOverdue) {
        boolean stays = breaker.limit() == limit || (isOverdue && breaker.limit() == strategy.maxLimit());
        check(stays || isPulsed || generations != closedPosition, "a call moved the limit");
    }

    /** A pulse was made just now: by its thread, or by a call that found it overdue. */
    private void pulsed(long now) {
        isPulsed = true;
        long elapsed = Math.max(0, now - lastPulse);
        boolean isStall = elapsed > STALL;
        lastPulse = now;
        if (isStall || now - stallEnd < 0) {
            stallEnd = now;
        }
        patience = Math.max(patience, Math.min(MOST_PATIENCE, Math.min(4 * lateAnswer, 2 * patience)));
        lateAnswer = 0;
        if (state == OPEN) {
            pulsedOpen(now);
            return;
        }
        boolean isIdle = quiet && inFlight() == 0;
        quiet = inFlight() == 0;
        lived += isIdle || !isStall ? elapsed / 1e9 : 0;
        if (!isIdle) {
            decide(isStall, now);
        }
        if (state == HALF_OPEN) {
            climb();
        }
    }

    private void pulsedOpen(long now) {
        if (probe == null) {
            ready |= retry == 0 || retry > MOST_LEFT;
            return;
        }
        long age = probe.age(now);
        boolean isGivenUp = breaker.retryAfterNanos(now) != retry;
        check(!isGivenUp || Math.abs(age) > PULSE, "gave up a probe of %d ns", age);
        check(isGivenUp || Math.abs(age) <= LEAST_PATIENCE, "waits for a probe of %d ns", age);
        if (isGivenUp && age < latestProbe) {
            awaitLate(now);
        } else if (isGivenUp) {
            await(now);
        }
    }

    private void decide(boolean isStall, long now) {
        int hung = 0;
        for (Call call : calls) {
            long age = Math.min(call.age(now), now - stallEnd);
            if (isInFlight(call) && (age > patience || age < -patience)) {
                call.writtenOff = true;
                hung += age > 0 ? 1 : 0;
            }
        }
        boolean isAnswered = ended.stream().anyMatch(it -> it.isPending() && it.isTimed && it.outcome == SUCCESS);
        for (int i = 0; i < hung; i++) {
            Ended one = new Ended(FAILURE, true);
            one.isOfARow = !isAnswered;
            ended.add(one);
        }
        ended.stream().filter(Ended::isPending).forEach(it -> it.at = isStall ? Double.NEGATIVE_INFINITY : lived);
        if (isStall) {
            return;
        }
        if (hung > 0 && !isAnswered) {
            openAfterStreak();
        }
        openIfMostFail(1);
        openIfMostFail(10);
    }

    private void openIfMostFail(int seconds) {
        double failed = sum(FAILURE, seconds);
        double all = sum(SUCCESS, seconds) + failed;
        if (Evidence.leastShare(failed, all, Evidence.SURE) > 0.5) {
            open("failures=" + Math.round(failed) + "/" + Math.round(all) + " in about " + seconds + "s");
        }
    }

    private double sum(Outcome outcome, double seconds) {
        return ended.stream()
                .filter(it -> it.outcome == outcome && it.isTimed && !it.isPending())
                .mapToDouble(it -> Math.exp((it.at - lived) / seconds))
                .sum();
    }

    private void climb() {
        double failed = sum(FAILURE, Double.MAX_VALUE);
        double all = failed + sum(SUCCESS, Double.MAX_VALUE);
        String counts = "failures=" + Math.round(failed) + "/" + Math.round(all) + " while recovering";
        if (Evidence.leastShare(failed, all, Evidence.LIKELY) > 0.3) {
            open(counts);
        } else if (++rampPulses == PULSES_TO_CLOSE) {
            move(CLOSED, counts);
        }
    }

    /** Whatever was done, this is true. */
    void check() {
        check(breaker.state() == state, "%s is not %s, %s", breaker.state(), state, breaker.counts());
        check(breaker.inFlight() == inFlight(), "%d in flight are not %d", breaker.inFlight(), inFlight());
        check(
                breaker.limit() >= strategy.minLimit() && breaker.limit() <= strategy.maxLimit(),
                "the limit is %d",
                breaker.limit());
        check(strategy.limits() || breaker.limit() == strategy.maxLimit(), "the limit is %d", breaker.limit());
        check(!breaker.isStill() || (state == CLOSED && inFlight() == 0 && sum(FAILURE, 10) < 1), "is still");
    }

    @SuppressWarnings("AnnotateFormatMethod") // the annotation would be a dependency
    private static void check(boolean holds, String otherwise, Object... values) {
        if (!holds) {
            throw new AssertionError(String.format(otherwise, values));
        }
    }
}
