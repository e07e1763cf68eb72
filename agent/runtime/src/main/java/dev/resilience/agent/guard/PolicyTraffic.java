package dev.resilience.agent.guard;

import dev.resilience.engine.Counted;
import dev.resilience.engine.Seen;
import dev.resilience.engine.Traffic;
import dev.resilience.instrumentation.api.Faults;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** What is remembered of one policy's calls, from the first of them on that a breaker timed. */
final class PolicyTraffic {
    /*
     * Written by the pulse, and by a call only where it does the work of a pulse that is overdue, or opens the breaker: in
     * the midst of what they decide, so no fault of ours may leave from here.
     */
    private final Faults faults;
    private final ReentrantLock lock = new ReentrantLock();
    private @Nullable Traffic traffic;

    PolicyTraffic(Faults faults) {
        this.faults = faults;
    }

    void add(Counted counted) {
        contained(() -> {
            Traffic there = traffic;
            if (there == null) {
                there = new Traffic(counted.nowNanos());
                traffic = there;
            }
            there.add(counted);
        });
    }

    void opened(long nowNanos) {
        contained(() -> {
            if (traffic != null) {
                traffic.opened(nowNanos);
            }
        });
    }

    private void contained(Runnable work) {
        lock.lock();
        try {
            work.run();
        } catch (Throwable fault) {
            faults.report("guard/traffic", fault);
        } finally {
            lock.unlock();
        }
    }

    /** Null if no call was timed. */
    @Nullable
    Seen seen(long nowNanos) {
        lock.lock();
        try {
            return traffic == null ? null : traffic.seen(nowNanos);
        } finally {
            lock.unlock();
        }
    }
}
