package dev.resilience.engine;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** The breaker of all strategies but the adaptive one: closed while a window of outcomes says so, then open, then probes. */
final class ThreeStateBreaker implements Instance {
    /*
     * The machine is one word: the state, the counts of its probes and a generation that grows with each transition.
     *
     * - A transition is one CAS from the word that justified it, so of any number of racing threads one wins, and only
     *   the winner tells the listener.
     * - A permit carries the generation that granted it. A closed generation has a window of its own, made before the
     *   generation begins; an outcome goes to the window of its generation or nowhere. A probe counts if it can still be
     *   taken out of the table of probes, and if the word is still of its generation.
     * - Calls only count; closed calls read the word and the window and write one counter. A failing call also looks
     *   whether to trip. All else is the pulse's, of which one runs at a time.
     * - If nobody pulses, nothing is refused for ever: a call that is about to be refused, or that failed, and finds the
     *   last pulse LATE does its work first.
     * - A thread that dies between two writes costs time, not the breaker: a missing wait is made up by the pulse, and
     *   probes that are out but not in the table count as failed once nothing has moved for the timeout of a probe.
     */
    private static final long LATE_NANOS = 1_000_000_000;

    private static final VarHandle WORD = handle("word", long.class);
    private static final VarHandle WAIT = handle("wait", Wait.class);
    private static final VarHandle PULSING = handle("pulsing", boolean.class);

    private final BreakerConfig config;
    private final RandomGenerator random;
    private final Listener listener;
    private final long probes;
    private final long neededProbes;
    private final long probeTimeoutNanos;
    private final ProbeTable probeTable;

    private volatile long word = Word.of(Word.CLOSED, 0);
    private volatile Window window;
    private volatile Wait wait = Wait.NONE;
    private volatile long lastPulse;

    /** Held by the thread that does the pulse's work; the fields below are its own. */
    private volatile boolean pulsing;

    private final Heat heat = new Heat();

    private long endedBefore;
    private long stillWord;
    private long stillSince;

    /** Until when no probe begins, and whether that is so; the pulse's own. */
    private long heldUntil;

    private boolean held;

    private record Transition(BreakerState from, BreakerState to, String counts) {}

    ThreeStateBreaker(BreakerConfig config, RandomGenerator random, Listener listener, long nowNanos) {
        this.config = config;
        this.random = random;
        this.listener = listener;
        this.probes = config.probes();
        this.neededProbes = Share.of(config.probeSuccessRate()).leastOf(config.probes());
        this.probeTimeoutNanos = config.probeTimeout().toNanos();
        this.probeTable = new ProbeTable(config.probes());
        this.window = Window.of(config.strategy(), 0, nowNanos);
        this.lastPulse = nowNanos;
    }

    @Override
    public long tryAcquire(long nowNanos) {
        long seen = word;
        if (Word.admitsAll(seen)) {
            return Word.permit(seen, nowNanos);
        }
        return Word.state(seen) == Word.HALF_OPEN ? acquireProbe(seen, nowNanos) : refuse(nowNanos);
    }

    @Override
    public boolean isHot() {
        return heat.isHot();
    }

    @Override
    public long tryAcquireUntimed() {
        return tryAcquire(lastPulse);
    }

    @Override
    public void settleUntimed(long permit) {
        settle(permit, Outcome.SUCCESS, lastPulse);
    }

    private long acquireProbe(long granting, long nowNanos) {
        long permit = Word.permit(granting, nowNanos);
        if (Word.granted(granting) >= probes || !probeTable.add(permit)) {
            return refuse(nowNanos);
        }
        for (long seen = granting; isOpenTo(seen, permit) && Word.granted(seen) < probes; seen = word) {
            if (WORD.compareAndSet(this, seen, seen + Word.ONE_GRANTED)) {
                return permit;
            }
        }
        probeTable.remove(permit);
        return tryAcquire(nowNanos);
    }

    private long refuse(long nowNanos) {
        return nowNanos - lastPulse > LATE_NANOS && pulsed(nowNanos) ? tryAcquire(nowNanos) : REFUSED;
    }

    /** A probe settled again changes nothing; a call of a closed breaker settled again counts again. */
    @Override
    public void settle(long permit, Outcome outcome, long nowNanos) {
        if (permit == REFUSED) {
            return;
        }
        Window current = window;
        if (Word.generationOf(permit) != current.generation()) {
            tell(settleProbe(permit, outcome, nowNanos));
        } else if (outcome == Outcome.SUCCESS) {
            current.succeeded(latency(permit, nowNanos));
        } else if (outcome == Outcome.FAILURE) {
            current.failed(latency(permit, nowNanos));
            if (isClosed(current) && (nowNanos - lastPulse <= LATE_NANOS || !pulsed(nowNanos))) {
                tell(trip(current, nowNanos));
            }
        }
    }

    @Override
    public void trip(String cause, long nowNanos) {
        Window current = window;
        if (isClosed(current) && listener.mayOpen()) {
            long closed = Word.of(Word.CLOSED, current.generation());
            tell(move(closed, Word.of(Word.OPEN, Word.generationAfter(closed, 1)), cause, nowNanos));
        }
    }

    @Override
    public void pulse(long nowNanos) {
        pulsed(nowNanos);
    }

    @Override
    public BreakerState state() {
        return state(word);
    }

    @Override
    public boolean isAtRest() {
        Window current = window;
        return isClosed(current) && current.isEmpty();
    }

    @Override
    public boolean isStill() {
        long seen = word;
        return Word.state(seen) == Word.HALF_OPEN ? Word.outstanding(seen) == 0 : isAtRest();
    }

    @Override
    public long retryAfterNanos(long nowNanos) {
        long seen = word;
        Wait current = wait;
        if (Word.state(seen) != Word.OPEN) {
            return 0;
        }
        return current.generation() == Word.generation(seen)
                ? current.leftNanos(nowNanos)
                : config.openFor().toNanos();
    }

    @Override
    public long tryAcquireUncounted(long nowNanos) {
        return tryAcquire(nowNanos);
    }

    @Override
    public @Nullable Stall stall(long nowNanos) {
        return null;
    }

    @Override
    public int limit() {
        return Integer.MAX_VALUE;
    }

    @Override
    public int inFlight() {
        return 0;
    }

    @Override
    public @Nullable String cause() {
        long seen = word;
        Wait current = wait;
        return Word.state(seen) == Word.OPEN && current.generation() == Word.generation(seen) ? current.cause() : null;
    }

    @Override
    public long tally() {
        return word;
    }

    @Override
    public String counts(long tally) {
        return Word.state(tally) == Word.HALF_OPEN ? probeCounts(tally) : window.counts();
    }

    @Override
    public BreakerConfig config() {
        return config;
    }

    @Override
    public void open(String cause, boolean isHeld, long nowNanos) {
        alone(() -> {
            if (isHeld) {
                held = true;
                heldUntil = nowNanos + LATE_NANOS;
            }
            Transition made = null;
            for (long seen = word; Word.state(seen) != Word.OPEN; seen = word) {
                made = move(seen, Word.of(Word.OPEN, Word.generationAfter(seen, 1)), cause, nowNanos);
            }
            return made;
        });
    }

    /** A half-open generation has the window of the closed one after it already. */
    @Override
    public void readmit(String why, long nowNanos) {
        alone(() -> {
            held = false;
            Transition made = null;
            for (long seen = word; Word.state(seen) != Word.CLOSED; seen = word) {
                long next = Word.generationAfter(seen, 1);
                if (Word.state(seen) == Word.OPEN) {
                    window = window.next(next, nowNanos);
                }
                made = move(seen, Word.of(Word.CLOSED, next), why, nowNanos);
            }
            return made;
        });
    }

    @Override
    public boolean isBlamed() {
        Window current = window;
        return isClosed(current) && current.isBreached();
    }

    @Override
    public long ageNanos(long permit, long nowNanos) {
        return latency(permit, nowNanos);
    }

    private boolean pulsed(long nowNanos) {
        return alone(() -> {
            long elapsed = nowNanos - lastPulse;
            lastPulse = nowNanos;
            measureHeat(elapsed);
            return work(nowNanos);
        });
    }

    private interface Work {
        @Nullable
        Transition run();
    }

    /** Does what the pulse alone may do, unless another thread is at it; then nothing, and it says false. */
    private boolean alone(Work work) {
        if (pulsing || !PULSING.compareAndSet(this, false, true)) {
            return false;
        }
        Transition made;
        try {
            made = work.run();
        } finally {
            pulsing = false;
        }
        tell(made);
        return true;
    }

    private void measureHeat(long elapsed) {
        long ended = window.ended();
        if (ended < 0) {
            return;
        }
        heat.measured(ended - endedBefore, elapsed);
        endedBefore = ended;
    }

    private @Nullable Transition work(long nowNanos) {
        long seen = word;
        held = held && nowNanos - heldUntil < 0;
        if (Word.state(seen) == Word.OPEN) {
            return held ? null : beginProbing(seen, nowNanos);
        }
        if (Word.state(seen) == Word.HALF_OPEN) {
            return giveUpProbes(seen, nowNanos);
        }
        window.moveOn(nowNanos);
        return trip(window, nowNanos);
    }

    private @Nullable Transition trip(Window full, long nowNanos) {
        long closed = Word.of(Word.CLOSED, full.generation());
        if (!isClosed(full) || !full.isBreached() || !listener.mayOpen()) {
            return null;
        }
        String counts = full.counts();
        return move(closed, Word.of(Word.OPEN, Word.generationAfter(closed, 1)), counts, nowNanos);
    }

    private @Nullable Transition beginProbing(long open, long nowNanos) {
        Wait current = wait;
        if (current.generation() != Word.generation(open)) {
            beginWait(current, open, window.counts(), nowNanos);
            return null;
        }
        if (nowNanos - current.since() < 0) {
            // the clock stepped back: at worst the wait is served twice
            WAIT.compareAndSet(this, current, current.from(nowNanos));
            return null;
        }
        if (current.leftNanos(nowNanos) > 0) {
            return null;
        }
        long halfOpen = Word.of(Word.HALF_OPEN, Word.generationAfter(open, 1));
        probeTable.clear();
        stillWord = halfOpen;
        stillSince = nowNanos;
        window = window.next(Word.generationAfter(open, 2), nowNanos);
        String counts = "waited=" + Window.text(Duration.ofNanos(current.nanos()));
        return move(open, halfOpen, counts, nowNanos);
    }

    private @Nullable Transition giveUpProbes(long halfOpen, long nowNanos) {
        long generation = Word.generation(halfOpen);
        long lost = probeTable.expire(generation, nowNanos, probeTimeoutNanos);
        if (halfOpen != stillWord || nowNanos - stillSince < 0) {
            stillWord = halfOpen;
            stillSince = nowNanos;
        } else if (lost == 0 && nowNanos - stillSince >= probeTimeoutNanos) {
            // out for longer than the table knows: its thread died half-way, or the clock stepped back
            probeTable.clear();
            lost = Word.outstanding(halfOpen);
        }
        Transition made = null;
        for (; lost > 0 && made == null; lost--) {
            made = vote(generation, Word.ONE_FAILED, nowNanos);
        }
        return made;
    }

    private @Nullable Transition settleProbe(long permit, Outcome outcome, long nowNanos) {
        if (!isOpenTo(word, permit) || !probeTable.remove(permit)) {
            return null;
        }
        long vote = switch (outcome) {
            case SUCCESS -> Word.ONE_SUCCEEDED;
            case FAILURE -> Word.ONE_FAILED;
            case IGNORED -> -Word.ONE_GRANTED;
        };
        return vote(Word.generationOf(permit), vote, nowNanos);
    }

    private @Nullable Transition vote(long generation, long vote, long nowNanos) {
        while (true) {
            long seen = word;
            if (Word.state(seen) != Word.HALF_OPEN
                    || Word.generation(seen) != generation
                    || Word.outstanding(seen) == 0) {
                return null;
            }
            long voted = seen + vote;
            if (Word.succeeded(voted) >= neededProbes || Word.failed(voted) > probes - neededProbes) {
                long state = Word.succeeded(voted) >= neededProbes ? Word.CLOSED : Word.OPEN;
                long decided = Word.of(state, Word.generationAfter(seen, 1));
                Transition made = move(seen, decided, probeCounts(voted), nowNanos);
                if (made != null) {
                    return made;
                }
            } else if (WORD.compareAndSet(this, seen, voted)) {
                return null;
            }
        }
    }

    private @Nullable Transition move(long from, long to, String counts, long nowNanos) {
        Wait before = wait;
        if (!WORD.compareAndSet(this, from, to)) {
            return null;
        }
        if (Word.state(to) == Word.OPEN) {
            beginWait(before, to, counts, nowNanos);
        }
        return new Transition(state(from), state(to), counts);
    }

    private void beginWait(Wait before, long open, String cause, long nowNanos) {
        WAIT.compareAndSet(this, before, before.next(config, random, Word.generation(open), cause, nowNanos));
    }

    private void tell(@Nullable Transition made) {
        if (made != null) {
            listener.transition(made.from, made.to, made.counts);
        }
    }

    private String probeCounts(long seen) {
        return "succeeded=" + Word.succeeded(seen) + "/" + probes + " probes, failed=" + Word.failed(seen);
    }

    /** A call that seems to have ended before it began, by a clock that stepped back, took no time. */
    private static long latency(long permit, long nowNanos) {
        return Math.max(0, Word.age(permit, nowNanos));
    }

    private boolean isClosed(Window current) {
        return word == Word.of(Word.CLOSED, current.generation());
    }

    private static boolean isOpenTo(long word, long permit) {
        return Word.state(word) == Word.HALF_OPEN && Word.generation(word) == Word.generationOf(permit);
    }

    private static BreakerState state(long word) {
        if (Word.state(word) == Word.CLOSED) {
            return BreakerState.CLOSED;
        }
        return Word.state(word) == Word.OPEN ? BreakerState.OPEN : BreakerState.HALF_OPEN;
    }

    private static VarHandle handle(String field, Class<?> type) {
        return ConstantBootstraps.fieldVarHandle(
                MethodHandles.lookup(), field, VarHandle.class, ThreeStateBreaker.class, type);
    }
}
