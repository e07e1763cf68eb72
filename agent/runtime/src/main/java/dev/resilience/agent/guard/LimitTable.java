package dev.resilience.agent.guard;

import dev.resilience.agent.policy.LimitConfig;
import dev.resilience.agent.signal.Subject;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiConsumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** The limits of all targets: each for as long as a guard or a call has it. */
final class LimitTable {
    /*
     * Held weakly, as the guard of a target knows best how long it is needed: after a reload the next guard of that name
     * takes them over, if any call is left that counts in them; of a target that left, nothing stays.
     */
    private record Name(String policy, String protocol, String target) {}

    private static final class Held extends WeakReference<Limits> {
        private final Name name;

        Held(Name name, Limits limits, ReferenceQueue<Limits> collected) {
            super(limits, collected);
            this.name = name;
        }
    }

    private final InFlight inFlight;
    private final InFlight observed = new InFlight();
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<Name, Held> held = new HashMap<>();
    private final ReferenceQueue<Limits> collected = new ReferenceQueue<>();
    private volatile boolean used;
    private volatile boolean adapts;

    LimitTable(InFlight inFlight) {
        this.inFlight = inFlight;
    }

    /**
     * The limits of a target, or null for none.
     *
     * @param current false for a policy that is no longer in force: it changes nothing that is there
     */
    @Nullable
    Limits of(Subject subject, LimitConfig config, boolean current, LongSupplier nanoClock) {
        if (config.isNone()) {
            return null;
        }
        Name name = new Name(subject.policy(), subject.protocol(), subject.target());
        lock.lock();
        try {
            used = true;
            forgetCollected();
            Held there = held.get(name);
            Limits before = there == null ? null : there.get();
            if (before != null && (!current || before.config().equals(config))) {
                return before;
            }
            Limits limits = Limits.of(config, before, inFlight, nanoClock);
            adapts |= limits.adapts();
            held.put(name, new Held(name, limits, collected));
            return limits;
        } finally {
            lock.unlock();
        }
    }

    /** The calls that have a place though their guard lists none, so that they give it back even if nobody ends them. */
    InFlight observed() {
        return observed;
    }

    /** Moves the limits that move. For the pulse. */
    void pulse(long nowNanos) {
        if (adapts) {
            forEach(Limits::pulse, nowNanos);
        }
    }

    /** Has all who wait look whether their call may still begin. */
    void wakeAll() {
        if (used) {
            forEach((limits, now) -> limits.wakeAll(), 0);
        }
    }

    private void forEach(BiConsumer<Limits, Long> action, long nowNanos) {
        lock.lock();
        try {
            for (Held each : held.values()) {
                Limits limits = each.get();
                if (limits != null) {
                    action.accept(limits, nowNanos);
                }
            }
        } finally {
            lock.unlock();
        }
    }

    private void forgetCollected() {
        for (Reference<? extends Limits> gone = collected.poll(); gone != null; gone = collected.poll()) {
            if (gone instanceof Held entry) {
                held.remove(entry.name, entry);
            }
        }
    }

    /** How many there are, for diagnosis. */
    int size() {
        lock.lock();
        try {
            forgetCollected();
            return held.size();
        } finally {
            lock.unlock();
        }
    }
}
