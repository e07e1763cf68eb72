package dev.resilience.agent.guard;

import dev.resilience.agent.signal.Signal;
import dev.resilience.agent.signal.Subject;
import dev.resilience.engine.Breaker;
import dev.resilience.engine.BreakerConfig;
import dev.resilience.engine.BreakerState;
import dev.resilience.engine.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** A breaker with the guards that share it over reloads, and the transitions nobody has been told of yet. */
final class Circuit {
    /*
     * The breaker tells of a transition on the thread that caused it, deep inside tryAcquire, settle or pulse; whom to
     * tell (the trace of that call) is known only to the caller above. So the transition is noted under its thread, and
     * that thread takes it back as soon as the breaker returns: one read of "noted" on the way of every call, a lock
     * only around the few transitions, and nothing left behind in a thread-local.
     */
    private record Noted(Thread by, BreakerState from, BreakerState to, String counts) {}

    private final Breaker breaker;
    private final ReentrantLock lock = new ReentrantLock();
    private volatile List<Noted> noted = List.of();
    private volatile Subject subject;

    Circuit(BreakerConfig config, Subject subject, long nowNanos) {
        this.subject = subject;
        this.breaker = Breaker.of(config, () -> ThreadLocalRandom.current().nextLong(), this::note, nowNanos);
    }

    /** The guard that took this breaker over last is the one transitions of the pulse are told for. */
    void adopt(Subject newest) {
        subject = newest;
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

    long retryAfterNanos(long nowNanos) {
        return breaker.retryAfterNanos(nowNanos);
    }

    long tryAcquire(long nowNanos) {
        return breaker.tryAcquire(nowNanos);
    }

    void settle(long permit, Outcome outcome, long nowNanos) {
        breaker.settle(permit, outcome, nowNanos);
    }

    void pulse(long nowNanos) {
        breaker.pulse(nowNanos);
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
        lock.lock();
        try {
            List<Noted> longer = new ArrayList<>(noted);
            longer.add(new Noted(Thread.currentThread(), from, to, counts));
            noted = longer;
        } finally {
            lock.unlock();
        }
    }

    private List<Signal.Transition> take(@Nullable Thread by, Subject about) {
        List<Signal.Transition> taken = new ArrayList<>();
        lock.lock();
        try {
            List<Noted> left = new ArrayList<>();
            for (Noted each : noted) {
                if (each.by == by) {
                    taken.add(new Signal.Transition(about, each.from, each.to, each.counts));
                } else {
                    left.add(each);
                }
            }
            noted = left;
        } finally {
            lock.unlock();
        }
        return taken;
    }
}
