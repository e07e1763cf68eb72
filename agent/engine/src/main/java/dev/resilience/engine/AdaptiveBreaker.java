package dev.resilience.engine;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A breaker without thresholds to set: it learns what is usual for its target, limits the calls in flight before it
 * refuses all, sees calls that do not end, and probes one call at a time.
 */
public final class AdaptiveBreaker implements Instance {
    /*
     * The states, all in one word with a generation:
     *
     *   closed    calls count in the Load of the generation, up to its limit.
     *   open      refuses all but one probe at a time. Each probe has a generation of its own, so that nobody decides for
     *             the one that is out; one that was given up and succeeds after all counts if it is of this outage.
     *             PROBES successes in a row begin the ramp.
     *   ramp      half-open: a growing share of the calls is admitted, into a new Load that begins with a small limit.
     *             When all are, it is closed, in the same generation.
     *
     * A permit carries its generation and its place in the table of calls. A call of another generation, and one that was
     * written off, changes nothing when it ends. Opening therefore frees the limit of everything that hangs.
     *
     * Calls only count. The pulse decides on what they counted; the one thing a call decides is to open after STREAK
     * failures in a row. Of the fields below, those of the pulse are touched by whoever holds "pulsing", and the word
     * hands them over where a settling call prepares a transition.
     *
     * A pulse that comes late says that our process did not run. What was under way then is nobody's fault: latencies and
     * failures of calls begun before the end of the stall are set aside, and ages count from there. If nobody pulses at
     * all nothing stays refused: a call that would be refused and finds the pulse overdue does its work first.
     */

    private static final long PULSE_NANOS = 100_000_000;

    /** Nobody pulses any more. */
    private static final long OVERDUE_NANOS = 1_000_000_000;

    /** So many in a row come by chance once in a million calls even if half of them fail. */
    private static final int STREAK = 20;

    private static final double TOO_MANY = 0.5;

    private static final int PROBES = 3;
    private static final double FIRST_SHARE = 0.1;
    private static final double RAMP = 1.6;
    private static final double RAMP_FAILURES = 0.3;

    /** What probes may take of the calls there were before, refused ones too, and how long it waits for one at most. */
    private static final double PROBE_SHARE = 0.01;

    private static final long LONGEST_WAIT_NANOS = 1_000_000_000;

    /** Probes that hang may each hold a thread for ever: after so many in a row it waits longer. */
    private static final int MOST_HUNG = 8;

    private static final long HUNG_WAIT_NANOS = 2_000_000_000L;
    private static final double JITTER = 0.2;

    private static final int LEAST_RESTART = 4;

    private static final VarHandle WORD = handle("word", long.class);
    private static final VarHandle LOAD = handle("load", Load.class);
    private static final VarHandle PULSING = handle("pulsing", boolean.class);

    private final BreakerConfig config;
    private final Strategy.Adaptive strategy;
    private final RandomGenerator random;
    private final Listener listener;

    private volatile long word = AdaptiveWord.closed(0);
    private volatile Load load;
    private volatile long lastPulse;
    private volatile long probe;
    private volatile long probeAt;
    private volatile String cause = "";
    private volatile int restart = LEAST_RESTART;
    /** Probes that were given up and have not ended. */
    private final AtomicInteger hungProbes = new AtomicInteger();

    private volatile double rate;

    private volatile long openedAt;

    /** How long the longest probe took that was answered after it had been given up, since the breaker opened. */
    private volatile long latestProbe;

    /** Nothing is known that time would change. */
    private volatile boolean still;

    /** Whether it would have opened if it had been let. */
    private volatile boolean blamed;

    /** Until when no probe starts, and whether that is so. */
    private volatile long heldUntil;

    private volatile boolean held;

    private volatile boolean pulsing;

    private final Heat heat = new Heat();

    private final OwnStalls stalls;
    private final Patience patience = new Patience();

    // the pulse's own
    private final Gathering gathering;
    private final Decaying second = new Decaying(1e9);
    private final Decaying tenSeconds = new Decaying(10e9);
    private Load seen;
    private double share;
    private long rampCalls;
    private long rampFailures;

    AdaptiveBreaker(BreakerConfig config, RandomGenerator random, Listener listener, long nowNanos) {
        this.config = config;
        this.strategy = (Strategy.Adaptive) config.strategy();
        this.random = random;
        this.listener = listener;
        this.load = new Load(0, strategy.maxLimit());
        this.seen = load;
        this.stalls = new OwnStalls(nowNanos);
        AdaptiveLimit limit = new AdaptiveLimit(strategy.minLimit(), strategy.maxLimit());
        this.gathering = new Gathering(limit, stalls, listener::timeOfDay, load, nowNanos);
        this.lastPulse = nowNanos;
    }

    @Override
    public long tryAcquire(long nowNanos) {
        long now = word;
        Load current = load;
        wake(current, nowNanos);
        return AdaptiveWord.admitsAll(now) && current.generation() == AdaptiveWord.generation(now)
                ? enter(current, nowNanos)
                : tryAcquire(now, nowNanos);
    }

    @Override
    public long tryAcquireUncounted(long nowNanos) {
        long now = word;
        if (!AdaptiveWord.admitsAll(now)) {
            return AdaptiveWord.isOpen(now) || AdaptiveWord.denies(now, nowNanos)
                    ? tryAcquire(now, nowNanos)
                    : uncounted(now, nowNanos);
        }
        wake(load, nowNanos);
        return uncounted(now, nowNanos);
    }

    @Override
    public boolean isHot() {
        return heat.isHot();
    }

    /**
     * Begun when the next pulse is due, so never older than it is: a target called that often answers within a fraction
     * of a pulse, and calls in flight must not seem slow.
     */
    @Override
    public long tryAcquireUntimed() {
        return tryAcquire(lastPulse + PULSE_NANOS);
    }

    private static long uncounted(long now, long nowNanos) {
        return Permit.at(Permit.of(AdaptiveWord.generation(now), nowNanos), Permit.UNCOUNTED);
    }

    /** That nobody pulsed it in its sleep is no stall. */
    private void wake(Load current, long nowNanos) {
        if (!current.mayBeQuiet()) {
            return;
        }
        if (still) {
            lastPulse = nowNanos;
            still = false;
        }
        current.quiet(false);
    }

    /** A limit that nobody adapts any more holds nothing up. */
    private long enter(Load current, long nowNanos) {
        long permit = current.enter(nowNanos);
        if (permit == LIMITED && nowNanos - lastPulse > OVERDUE_NANOS && current.limit() < strategy.maxLimit()) {
            current.limit(strategy.maxLimit());
            return current.enter(nowNanos);
        }
        return permit;
    }

    private long tryAcquire(long now, long nowNanos) {
        if (nowNanos - lastPulse > OVERDUE_NANOS && pulsed(nowNanos)) {
            return tryAcquire(nowNanos);
        }
        if (AdaptiveWord.isOpen(now)) {
            return AdaptiveWord.isReady(now) ? acquireProbe(now, nowNanos) : REFUSED;
        }
        if (AdaptiveWord.denies(now, nowNanos)) {
            load.refused();
            return REFUSED;
        }
        Load current = load;
        return current.generation() == AdaptiveWord.generation(now)
                ? enter(current, nowNanos)
                : tryAcquire(word, nowNanos);
    }

    private long acquireProbe(long ready, long nowNanos) {
        long granted = AdaptiveWord.granted(ready);
        if (!WORD.compareAndSet(this, ready, granted)) {
            return tryAcquire(word, nowNanos);
        }
        long permit = Permit.at(Permit.of(AdaptiveWord.generation(granted), nowNanos), Permit.PROBE);
        probe = permit;
        return permit;
    }

    /** A late success of an earlier generation lets the next probe start at once. */
    @Override
    public void settle(long permit, Outcome outcome, long nowNanos) {
        if (Breaker.isRefusal(permit)) {
            return;
        }
        Load current = load;
        if (Permit.place(permit) == Permit.PROBE) {
            settleProbe(permit, outcome, nowNanos);
        } else if (Permit.generation(permit) != current.generation()) {
            late(outcome);
        } else {
            long nanos = Permit.ageNanos(permit, nowNanos);
            boolean isPlain = outcome == Outcome.SUCCESS && nanos < PULSE_NANOS && Lanes.isIn(permit);
            boolean isCounted = isPlain ? current.succeededInLane(permit, nanos) : current.leave(permit);
            if (!isCounted || AdaptiveWord.generation(word) != current.generation()) {
                late(outcome);
            } else if (!isPlain) {
                ended(current, outcome, permit, nanos, nowNanos);
            }
        }
    }

    @Override
    public void settleUntimed(long permit) {
        Load current = load;
        if (Breaker.isRefusal(permit) || Permit.place(permit) == Permit.PROBE) {
            settle(permit, Outcome.SUCCESS, lastPulse);
        } else if (Permit.generation(permit) != current.generation()
                || !current.succeededUntimed(permit)
                || AdaptiveWord.generation(word) != current.generation()) {
            late(Outcome.SUCCESS);
        }
    }

    private void ended(Load current, Outcome outcome, long permit, long nanos, long nowNanos) {
        if (outcome == Outcome.SUCCESS && Permit.place(permit) == Permit.UNCOUNTED) {
            current.succeededUncounted();
        } else if (outcome == Outcome.SUCCESS && nanos < PULSE_NANOS) {
            current.succeeded(nanos);
        } else if (outcome == Outcome.IGNORED) {
            current.ignored();
        } else if (overlapsStall(current, nanos, nowNanos)) {
            current.ignored();
            stalls.setAside(outcome == Outcome.FAILURE ? 1 : 0, 1);
        } else if (outcome == Outcome.SUCCESS) {
            current.succeeded(nanos);
        } else {
            failed(current, nowNanos);
        }
    }

    /** Whether a call of that age was under way while our process did not run. */
    private boolean overlapsStall(Load current, long nanos, long nowNanos) {
        wake(current, nowNanos);
        if (nowNanos - lastPulse > OwnStalls.STALL_NANOS) {
            pulsed(nowNanos);
        }
        return stalls.overlap(nanos, nowNanos);
    }

    private void failed(Load current, long nowNanos) {
        decideStreak(current, current.failed(), nowNanos);
    }

    private void decideStreak(Load current, int streak, long nowNanos) {
        if (streak >= STREAK) {
            open(current, "failures=" + streak + " in a row", nowNanos);
        }
    }

    /** A call that was given up has been answered after all: worth a probe. */
    private void late(Outcome outcome) {
        long now = word;
        if (outcome == Outcome.SUCCESS
                && !held
                && AdaptiveWord.isOpen(now)
                && !AdaptiveWord.isReady(now)
                && !AdaptiveWord.isOut(now)) {
            WORD.compareAndSet(this, now, AdaptiveWord.ready(now));
        }
    }

    private void settleProbe(long permit, Outcome outcome, long nowNanos) {
        long now = word;
        if (!AdaptiveWord.isOut(now)
                || permit != probe
                || AdaptiveWord.generation(now) != Permit.generation(permit)
                || !decideProbe(now, outcome, nowNanos)) {
            hungProbes.decrementAndGet();
            lateProbe(permit, outcome, nowNanos);
        }
    }

    /** It votes if it began since the breaker opened: the target answers, if slowly. */
    private void lateProbe(long permit, Outcome outcome, long nowNanos) {
        long nanos = Permit.ageNanos(permit, nowNanos);
        if (outcome != Outcome.SUCCESS || nanos < 0 || nanos > nowNanos - openedAt) {
            late(outcome);
            return;
        }
        patience.answeredLate(stalls.ageNanos(permit, nowNanos));
        latestProbe = Math.max(latestProbe, nanos);
        for (long now = word; !held && AdaptiveWord.isOpen(now); now = word) {
            boolean isLast = AdaptiveWord.successes(now) + 1 >= PROBES;
            if (isLast ? ramp(now) : WORD.compareAndSet(this, now, AdaptiveWord.succeededLate(now))) {
                if (isLast) {
                    leaveOut(now);
                }
                return;
            }
        }
    }

    /** A probe that is out when the state changes without it is given up. */
    private void leaveOut(long before) {
        if (AdaptiveWord.isOut(before)) {
            hungProbes.incrementAndGet();
        }
    }

    /** Whether it was still this probe's to decide; the pulse may have given it up. */
    private boolean decideProbe(long out, Outcome outcome, long nowNanos) {
        if (outcome == Outcome.IGNORED) {
            return WORD.compareAndSet(this, out, AdaptiveWord.ready(out));
        }
        if (outcome == Outcome.FAILURE) {
            return waitAgain(out, nowNanos);
        }
        return AdaptiveWord.successes(out) + 1 < PROBES
                ? WORD.compareAndSet(this, out, AdaptiveWord.succeeded(out))
                : ramp(out);
    }

    /** A thread that is held up here must not put back a load that a later ramp has replaced. */
    private boolean ramp(long out) {
        long next = AdaptiveWord.ramp(out, FIRST_SHARE);
        Load fresh = new Load(AdaptiveWord.generation(next), restart);
        Load before = load;
        while (word == out) {
            if (LOAD.compareAndSet(this, before, fresh)) {
                boolean ramps = WORD.compareAndSet(this, out, next);
                if (ramps) {
                    listener.transition(
                            BreakerState.OPEN, BreakerState.HALF_OPEN, PROBES + " probes in a row succeeded");
                }
                return ramps;
            }
            before = load;
        }
        return false;
    }

    private boolean waitAgain(long out, long nowNanos) {
        long waiting = AdaptiveWord.waiting(out);
        probeAt = nowNanos + waitNanos(AdaptiveWord.failures(waiting));
        return WORD.compareAndSet(this, out, waiting);
    }

    /** That a probe is older than most calls says nothing where those that were answered took longer. */
    private boolean giveUp(long now, long out, long nowNanos) {
        if (Permit.ageNanos(out, nowNanos) >= latestProbe) {
            return waitAgain(now, nowNanos);
        }
        probeAt = nowNanos + waitNanos(AdaptiveWord.failures(now));
        return WORD.compareAndSet(this, now, AdaptiveWord.waitingForLate(now));
    }

    private long waitNanos(int failures) {
        double longest = hungProbes.get() > MOST_HUNG
                ? HUNG_WAIT_NANOS
                : Math.min(LONGEST_WAIT_NANOS, 1e9 / (PROBE_SHARE * Math.max(rate, 1)));
        double wait = Math.min(Math.max(longest, PULSE_NANOS), Math.scalb((double) PULSE_NANOS, failures));
        return (long) (wait * (1 - JITTER + 2 * JITTER * random.nextDouble()));
    }

    private void open(Load full, String counts, long nowNanos) {
        long now = word;
        while (strategy.opens() && !AdaptiveWord.isOpen(now) && AdaptiveWord.generation(now) == full.generation()) {
            if (!listener.mayOpen()) {
                blamed = true;
                return;
            }
            cause = counts;
            beginOutage(nowNanos);
            restart = restartFrom(full);
            if (WORD.compareAndSet(this, now, AdaptiveWord.open(now))) {
                listener.transition(state(now), BreakerState.OPEN, counts);
                return;
            }
            now = word;
        }
    }

    private void beginOutage(long nowNanos) {
        openedAt = nowNanos;
        latestProbe = 0;
        probeAt = nowNanos + waitNanos(0);
    }

    private int restartFrom(Load full) {
        if (!strategy.limits()) {
            return strategy.maxLimit();
        }
        int least = Math.max(LEAST_RESTART, strategy.minLimit());
        return Math.min(strategy.maxLimit(), Math.max(least, Math.min(full.limit(), full.inFlight()) / 2));
    }

    @Override
    public void trip(String because, long nowNanos) {
        open(load, because, nowNanos);
    }

    /** Whoever probes now learns nothing by it. */
    @Override
    public void open(String because, boolean isHeld, long nowNanos) {
        if (isHeld) {
            heldUntil = nowNanos + OVERDUE_NANOS;
            held = true;
        }
        for (long now = word;
                !AdaptiveWord.isOpen(now) || (isHeld && (AdaptiveWord.isReady(now) || AdaptiveWord.isOut(now)));
                now = word) {
            BreakerState from = state(now);
            cause = because;
            beginOutage(nowNanos);
            restart = restartFrom(load);
            if (WORD.compareAndSet(this, now, AdaptiveWord.open(now))) {
                leaveOut(now);
                if (from != BreakerState.OPEN) {
                    listener.transition(from, BreakerState.OPEN, because);
                }
            }
        }
    }

    @Override
    public void readmit(String why, long nowNanos) {
        held = false;
        for (long now = word; !AdaptiveWord.isClosed(now); now = word) {
            long closed = AdaptiveWord.closed(AdaptiveWord.generation(now));
            if (AdaptiveWord.isOpen(now)) {
                closed = AdaptiveWord.closed(AdaptiveWord.open(now));
                Load before = load;
                if (!LOAD.compareAndSet(this, before, new Load(closed, strategy.maxLimit()))) {
                    continue;
                }
            }
            if (WORD.compareAndSet(this, now, closed)) {
                leaveOut(now);
                listener.transition(state(now), BreakerState.CLOSED, why);
            }
        }
    }

    @Override
    public boolean isBlamed() {
        return blamed && AdaptiveWord.isClosed(word);
    }

    @Override
    public void pulse(long nowNanos) {
        pulsed(nowNanos);
    }

    private boolean pulsed(long nowNanos) {
        if (pulsing || !PULSING.compareAndSet(this, false, true)) {
            return false;
        }
        try {
            long elapsed = Math.max(0, nowNanos - lastPulse);
            lastPulse = nowNanos;
            stalls.pulsed(elapsed, PULSE_NANOS, nowNanos);
            work(elapsed, nowNanos);
        } finally {
            pulsing = false;
        }
        return true;
    }

    @Override
    public @Nullable Stall stall(long nowNanos) {
        return stalls.told(nowNanos);
    }

    private void work(long elapsed, long nowNanos) {
        long now = word;
        Load current = load;
        held = held && nowNanos - heldUntil < 0;
        patience.learnLate();
        if (AdaptiveWord.isOpen(now)) {
            heat.cool();
            probe(now, nowNanos);
        } else if (current.generation() == AdaptiveWord.generation(now)) {
            if (current != seen) {
                begin(current, nowNanos);
            }
            boolean isQuiet = current.isQuiet();
            current.quiet(current.inFlight() == 0);
            if (isQuiet) {
                heat.cool();
                second.add(0, 0, elapsed);
                tenSeconds.add(0, 0, elapsed);
                gathering.idle(elapsed);
            } else {
                decide(current, elapsed, nowNanos);
            }
            climb(now, current, nowNanos);
            still = isQuiet && tenSeconds.isForgotten() && AdaptiveWord.isClosed(now);
        }
    }

    private void probe(long now, long nowNanos) {
        long out = probe;
        if (!AdaptiveWord.isOut(now)) {
            long left = probeAt - nowNanos;
            if (!held && !AdaptiveWord.isReady(now) && (left <= 0 || left > 2 * HUNG_WAIT_NANOS)) {
                WORD.compareAndSet(this, now, AdaptiveWord.ready(now));
            }
        } else if (Permit.generation(out) == AdaptiveWord.generation(now)
                && isHung(out, nowNanos)
                && giveUp(now, out, nowNanos)) {
            hungProbes.incrementAndGet();
        }
    }

    /** However late the pulse: where only calls do its work, each time looks like the end of a stall. */
    private boolean isHung(long probe, long nowNanos) {
        return stalls.isOlder(probe, patience.ofProbeNanos(PULSE_NANOS), nowNanos)
                || Permit.ageNanos(probe, nowNanos) > Patience.LEAST_NANOS;
    }

    /** Our own stalls do not make a call older. */
    @Override
    public long ageNanos(long permit, long nowNanos) {
        return stalls.ageNanos(permit, nowNanos);
    }

    private void begin(Load current, long nowNanos) {
        seen = current;
        blamed = false;
        share = FIRST_SHARE;
        rampCalls = 0;
        rampFailures = 0;
        second.clear();
        tenSeconds.clear();
        gathering.restart(current, nowNanos);
    }

    private void decide(Load current, long elapsed, long nowNanos) {
        int writtenOff = writeOff(current, nowNanos);
        long failures = (long) current.takeFailures() + writtenOff;
        long ignored = current.takeIgnored();
        long refusals = current.takeRefusals();
        Sample sample = new Sample(elapsed, refusals);
        int timed = current.takeLatencies(sample);
        long successes = (long) timed + current.takeUntimed();
        heat.measured(successes + failures, elapsed);
        // a calm guard that was not: most latencies are lost, and beside the few left, ages would seem to be many
        boolean isOverrun = timed > Stripe.RING && timed > sample.size();
        if (successes > timed) {
            sample.stretch((double) successes / Math.max(1, timed));
        }
        listener.counted(counted(current, sample, successes, failures - writtenOff, ignored, writtenOff, nowNanos));
        if (elapsed > OwnStalls.STALL_NANOS) {
            stalls.setAside(failures, successes + failures);
            gathering.forget(current, nowNanos);
            return;
        }
        if (writtenOff > 0 && successes == 0) {
            decideStreak(current, current.failedInARow(writtenOff), nowNanos);
        }
        current.grow(successes + failures, elapsed);
        learn(sample, successes + failures + refusals, current.inFlight(), elapsed);
        second.add(failures, successes + failures, elapsed);
        tenSeconds.add(failures, successes + failures, elapsed);
        rampCalls += successes + failures;
        rampFailures += failures;
        if (second.isMoreThan(TOO_MANY) || tenSeconds.isMoreThan(TOO_MANY)) {
            open(current, (second.isMoreThan(TOO_MANY) ? second : tenSeconds).toString(), nowNanos);
            return;
        }
        blamed = blamed && current.failedInARow(0) >= STREAK;
        if (isOverrun) {
            gathering.forget(current, nowNanos);
        } else if (strategy.limits()) {
            gathering.add(current, sample, successes + failures + ignored, writtenOff, elapsed, nowNanos);
        }
    }

    private Counted counted(
            Load current, Sample sample, long successes, long failures, long ignored, long givenUp, long nowNanos) {
        return new Counted(
                nowNanos,
                sample.nanos(),
                stalls.slackNanos(),
                successes,
                failures,
                ignored,
                givenUp,
                sample.refusals(),
                current.inFlight(),
                AdaptiveWord.isClosed(word),
                sample);
    }

    private int writeOff(Load current, long nowNanos) {
        long most = patience.nanos();
        int[] failed = {0};
        current.visit(permit -> {
            if (stalls.isOlder(permit, most, nowNanos) && current.writeOff(permit)) {
                gathering.writtenOff(permit, nowNanos);
                if (stalls.ageNanos(permit, nowNanos) > 0) {
                    failed[0]++;
                } else {
                    current.ignored();
                }
            }
        });
        return failed[0];
    }

    private void learn(Sample fresh, long calls, int inFlight, long nanos) {
        double before = rate;
        rate = before + (calls * 1e9 / Math.max(1, nanos) - before) * (1 - Math.exp(-nanos / 5e9));
        patience.learn(fresh, inFlight);
    }

    private void climb(long now, Load current, long nowNanos) {
        if (!AdaptiveWord.isRamp(now)) {
            return;
        }
        if (Evidence.leastShare((double) rampFailures, (double) rampCalls, Evidence.LIKELY) > RAMP_FAILURES) {
            open(current, "failures=" + rampFailures + "/" + rampCalls + " while recovering", nowNanos);
            return;
        }
        share *= RAMP;
        if (share < 1) {
            WORD.compareAndSet(this, now, AdaptiveWord.admitting(now, share));
        } else if (WORD.compareAndSet(this, now, AdaptiveWord.closed(AdaptiveWord.generation(now)))) {
            listener.transition(
                    BreakerState.HALF_OPEN,
                    BreakerState.CLOSED,
                    "failures=" + rampFailures + "/" + rampCalls + " while recovering");
        }
    }

    /**
     * After how long a call that does not end counts as failed, in nanoseconds: four times what one call in a hundred
     * exceeds, at least a second; a minute until a hundred have succeeded, and four times as many as are in flight.
     */
    public long patienceNanos() {
        return patience.nanos();
    }

    @Override
    public BreakerState state() {
        return state(word);
    }

    @Override
    public boolean isStill() {
        return still && load.isQuiet();
    }

    /** What it has learned of latencies is soon learned again. */
    @Override
    public boolean isAtRest() {
        return isStill();
    }

    @Override
    public BreakerConfig config() {
        return config;
    }

    @Override
    public long retryAfterNanos(long nowNanos) {
        long now = word;
        return AdaptiveWord.isOpen(now) && !AdaptiveWord.isReady(now) ? Math.max(0, probeAt - nowNanos) : 0;
    }

    @Override
    public @Nullable String cause() {
        return AdaptiveWord.isOpen(word) ? cause : null;
    }

    @Override
    public long tally() {
        Load current = load;
        return ((long) current.inFlight() << Integer.SIZE) | current.limit();
    }

    @Override
    public String counts(long tally) {
        return "inFlight=" + (int) (tally >> Integer.SIZE) + ", limit=" + (int) tally;
    }

    @Override
    public int limit() {
        return load.limit();
    }

    @Override
    public int inFlight() {
        return load.inFlight();
    }

    private static BreakerState state(long word) {
        if (AdaptiveWord.isOpen(word)) {
            return BreakerState.OPEN;
        }
        return AdaptiveWord.isRamp(word) ? BreakerState.HALF_OPEN : BreakerState.CLOSED;
    }

    private static VarHandle handle(String field, Class<?> type) {
        return ConstantBootstraps.fieldVarHandle(
                MethodHandles.lookup(), field, VarHandle.class, AdaptiveBreaker.class, type);
    }
}
