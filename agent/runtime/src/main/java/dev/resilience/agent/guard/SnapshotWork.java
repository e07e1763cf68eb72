package dev.resilience.agent.guard;

import dev.resilience.instrumentation.api.Faults;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** Takes answers in on a thread of the agent, one after the other; what comes faster than that is not kept. */
final class SnapshotWork {
    private static final int QUEUE = 1_000;
    private static final long MOST_BYTES = 32L << 20;
    private static final int IDLE_SECONDS = 10;

    /** Made by the first answer: most JVMs keep none. */
    private static final class Worker {
        static final ThreadPoolExecutor POOL = pool();

        private static ThreadPoolExecutor pool() {
            ThreadPoolExecutor pool = new ThreadPoolExecutor(
                    1,
                    1,
                    IDLE_SECONDS,
                    TimeUnit.SECONDS,
                    new LinkedBlockingQueue<>(QUEUE),
                    task -> AgentThreads.daemon("snapshots", task));
            pool.allowCoreThreadTimeOut(true);
            return pool;
        }
    }

    private final Faults faults;
    private final AtomicLong waiting = new AtomicLong();

    SnapshotWork(Faults faults) {
        this.faults = faults;
    }

    /** False if too much waits already; {@code bytes} is what the work holds until it is done. */
    boolean tryRun(int bytes, Runnable work) {
        if (waiting.addAndGet(bytes) > MOST_BYTES) {
            waiting.addAndGet(-bytes);
            return false;
        }
        try {
            Worker.POOL.execute(() -> run(bytes, work));
            return true;
        } catch (RejectedExecutionException full) {
            waiting.addAndGet(-bytes);
            return false;
        }
    }

    private void run(int bytes, Runnable work) {
        try {
            work.run();
        } catch (Throwable fault) {
            faults.report("guard/snapshots", fault);
        } finally {
            waiting.addAndGet(-bytes);
        }
    }
}
