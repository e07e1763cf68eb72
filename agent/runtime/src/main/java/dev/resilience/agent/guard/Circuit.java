package dev.resilience.agent.guard;

import dev.resilience.agent.signal.Signal;
import dev.resilience.agent.signal.Subject;
import dev.resilience.engine.Breaker;
import dev.resilience.engine.BreakerConfig;
import dev.resilience.engine.BreakerState;
import dev.resilience.engine.Counted;
import dev.resilience.engine.Layer;
import dev.resilience.engine.Outcome;
import dev.resilience.engine.RetryBudget;
import dev.resilience.engine.Service;
import dev.resilience.engine.Stall;
import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** A breaker with the guards that share it over reloads, and the transitions nobody has been told of yet. */
final class Circuit {
    /*
     * The breaker tells of a transition on the thread that caused it, deep inside tryAcquire, settle or pulse; whom to
     * tell (the trace of that call) is known only to the caller above. So the transition is noted under its thread, and
     * that thread takes it back as soon as the breaker returns: one read of "noted" on the way of every call, a copy of
     * the list for each of the few transitions, and nothing left behind in a thread-local.
     *
     * A circuit that no pulse would change is asleep, and the pulse does not see it. A call does its work on the breaker
     * first and looks then whether the circuit is asleep; the pulse says that it is and looks then whether the breaker is
     * still. So one of the two sees the other, and the one whose CAS takes "asleep" back has the circuit pulsed.
     */
    private record Noted(Thread by, Cause.Step step) {}

    private static final VarHandle NOTED = handle("noted", List.class);
    private static final VarHandle ASLEEP = handle("asleep", boolean.class);

    private final Breaker breaker;
    private final @Nullable Service service;
    private final Pulse pulse;
    private final DecisionIds ids;
    private volatile List<Noted> noted = List.of();
    private volatile Cause.@Nullable Step latest;
    private volatile Subject subject;
    private volatile PolicyTraffic traffic;
    private volatile boolean asleep = true;
    private volatile boolean retired;

    /** The pulse's own: the next of those that woke up, and whether a call was in flight of late, of whichever guard. */
    @Nullable
    Circuit nextAwake;

    boolean held;

    /** What its breaker tells. */
    private final class Listener implements Breaker.Listener {
        @Override
        public void transition(BreakerState from, BreakerState to, String counts) {
            note(from, to, counts);
            if (to == BreakerState.OPEN) {
                traffic.opened(pulse.nowNanos());
            }
        }

        @Override
        public void counted(Counted counted) {
            traffic.add(counted);
        }

        @Override
        public long timeOfDay(long nowNanos) {
            return Pulse.timeOfDayNanos();
        }
    }

    /** {@code service} is what its target is an instance of, if that has breakers of its own to look after. */
    Circuit(
            BreakerConfig config,
            Subject subject,
            PolicyTraffic traffic,
            @Nullable Service service,
            Pulse pulse,
            DecisionIds ids,
            long nowNanos) {
        this.ids = ids;
        this.subject = subject;
        this.traffic = traffic;
        this.service = service;
        this.pulse = pulse;
        RandomGenerator random = () -> ThreadLocalRandom.current().nextLong();
        Listener listener = new Listener();
        this.breaker = service == null
                ? Breaker.of(config, random, listener, nowNanos)
                : service.add(config, random, listener, nowNanos);
    }

    /** Says whether somebody called its target of late. */
    void active(boolean isActive) {
        if (service != null) {
            service.active(breaker, isActive);
        }
    }

    /** The guard that took this breaker over last is the one transitions of the pulse are told for. */
    void adopt(Subject newest, PolicyTraffic remembered) {
        subject = newest;
        traffic = remembered;
        active(true);
    }

    Subject subject() {
        return subject;
    }

    BreakerConfig config() {
        return breaker.config();
    }

    BreakerState state() {
        return breaker.state();
    }

    String counts() {
        return breaker.counts();
    }

    @Nullable
    Stall stall(long nowNanos) {
        return breaker.stall(nowNanos);
    }

    @Nullable
    Layer layer() {
        return breaker.layer();
    }

    /** See {@link RetryBudget#hasRoom}. */
    boolean hasRoom() {
        return RetryBudget.hasRoom(breaker);
    }

    boolean isSpared() {
        return breaker.isSpared();
    }

    /** Why it refuses; null where the counts of now say all, see {@link #tally}. */
    @Nullable
    Cause cause() {
        String opened = breaker.cause();
        Cause.Step step = latest;
        if (opened == null) {
            return step != null && step.to() == BreakerState.HALF_OPEN ? step : null;
        }
        return step != null && opened.equals(step.counts()) ? step : new Cause.Counted(opened);
    }

    /** See {@link Breaker#tally}. */
    long tally() {
        return breaker.tally();
    }

    String counts(long tally) {
        return breaker.counts(tally);
    }

    long retryAfterNanos(long nowNanos) {
        return breaker.retryAfterNanos(nowNanos);
    }

    /** Says of a call whether a limit counts it. */
    long tryAcquire(boolean isLimited, long nowNanos) {
        long permit = isLimited ? breaker.tryAcquire(nowNanos) : breaker.tryAcquireUncounted(nowNanos);
        wake();
        return permit;
    }

    boolean isHot() {
        return breaker.isHot();
    }

    long tryAcquireUntimed() {
        long permit = breaker.tryAcquireUntimed();
        wake();
        return permit;
    }

    void settleUntimed(long permit) {
        breaker.settleUntimed(permit);
        wake();
    }

    void settle(long permit, Outcome outcome, long nowNanos) {
        breaker.settle(permit, outcome, nowNanos);
        wake();
    }

    /** Opens it for what its strategy does not count, if it may. */
    void trip(String cause, long nowNanos) {
        breaker.trip(cause, nowNanos);
        wake();
    }

    void pulse(long nowNanos) {
        breaker.pulse(nowNanos);
    }

    private void wake() {
        if (asleep && !retired && ASLEEP.compareAndSet(this, true, false)) {
            pulse.add(this);
        }
    }

    /** Whether the pulse need not see it any more, until a call wakes it. */
    boolean fallsAsleep() {
        if (retired) {
            return true;
        }
        if (!isStill()) {
            return false;
        }
        asleep = true;
        return isStill() || !ASLEEP.compareAndSet(this, true, false);
    }

    private boolean isStill() {
        return noted.isEmpty() && breaker.isStill();
    }

    /** Whether a new one would decide the same. */
    boolean isAtRest() {
        return noted.isEmpty() && breaker.isAtRest();
    }

    /** No guard asks it any more. */
    void retire() {
        retired = true;
        if (service != null) {
            service.remove(breaker);
        }
    }

    boolean isRetired() {
        return retired;
    }

    boolean hasNews() {
        return !noted.isEmpty();
    }

    /** What this thread did to the breaker since it last asked, in order. */
    List<Signal.Transition> news(Subject about) {
        return take(Thread.currentThread(), about);
    }

    /** What any thread did and died before it could tell. */
    List<Signal.Transition> lostNews(Subject about) {
        List<Signal.Transition> lost = new ArrayList<>();
        for (Noted each : noted) {
            if (!each.by.isAlive()) {
                lost.addAll(take(each.by, about));
            }
        }
        return lost;
    }

    private void note(BreakerState from, BreakerState to, String counts) {
        Cause.Step before = latest;
        long followed = before == null ? 0 : before.id();
        Cause.Step step = new Cause.Step(ids.next(), followed, from, to, counts, Pulse.timeOfDayNanos());
        latest = step;
        Noted fresh = new Noted(Thread.currentThread(), step);
        List<Noted> seen;
        List<Noted> longer;
        do {
            seen = noted;
            longer = new ArrayList<>(seen);
            longer.add(fresh);
        } while (!NOTED.compareAndSet(this, seen, longer));
        wake(); // its service did it, and nobody may call it to find out
    }

    private List<Signal.Transition> take(Thread by, Subject about) {
        List<Signal.Transition> taken = new ArrayList<>();
        List<Noted> seen;
        List<Noted> left;
        do {
            seen = noted;
            left = new ArrayList<>();
            taken.clear();
            for (Noted each : seen) {
                if (each.by == by) {
                    taken.add(each.step.toldOf(about));
                } else {
                    left.add(each);
                }
            }
        } while (!NOTED.compareAndSet(this, seen, left.isEmpty() ? List.of() : left));
        return taken;
    }

    private static VarHandle handle(String field, Class<?> type) {
        return ConstantBootstraps.fieldVarHandle(MethodHandles.lookup(), field, VarHandle.class, Circuit.class, type);
    }
}
