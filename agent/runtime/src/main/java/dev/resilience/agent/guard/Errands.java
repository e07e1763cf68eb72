package dev.resilience.agent.guard;

import dev.resilience.instrumentation.api.Faults;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Work that may never end, on a few threads of the agent, so that those who wait for it can stop waiting. */
final class Errands {
    private static final int WORKERS = 16;
    private static final int IDLE_SECONDS = 10;

    /** Made by the first errand: most JVMs never have one. */
    private static final class Workers {
        static final ThreadPoolExecutor POOL = new ThreadPoolExecutor(
                0,
                WORKERS,
                IDLE_SECONDS,
                TimeUnit.SECONDS,
                new SynchronousQueue<>(),
                task -> AgentThreads.daemon("errand", task));
    }

    private final Faults faults;

    Errands(Faults faults) {
        this.faults = faults;
    }

    /** False if all threads are busy. */
    boolean tryRun(Runnable work) {
        try {
            Workers.POOL.execute(() -> run(work));
            return true;
        } catch (RejectedExecutionException busy) {
            return false;
        } catch (Throwable fault) {
            faults.report("guard/errand", fault);
            return false;
        }
    }

    private void run(Runnable work) {
        try {
            work.run();
        } catch (Throwable fault) {
            faults.report("guard/errand", fault);
        }
    }
}
