package dev.resilience.agent.guard;

import dev.resilience.instrumentation.api.Call;
import dev.resilience.instrumentation.api.Faults;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Runs cancels: at once where that takes no time, on a few workers where it may block. */
final class Canceller {
    private static final int WORKERS = 64;
    private static final int QUEUE = 65_536;
    private static final int IDLE_SECONDS = 10;

    private final Faults faults;

    Canceller(Faults faults) {
        this.faults = faults;
    }

    /** Made by the first cancel that may block: most JVMs never have one. */
    private static final class Workers {
        static final ThreadPoolExecutor POOL = pool();

        private static ThreadPoolExecutor pool() {
            ThreadPoolExecutor pool = new ThreadPoolExecutor(
                    WORKERS,
                    WORKERS,
                    IDLE_SECONDS,
                    TimeUnit.SECONDS,
                    new LinkedBlockingQueue<>(QUEUE),
                    task -> AgentThreads.daemon("cancel", task));
            pool.allowCoreThreadTimeOut(true);
            return pool;
        }
    }

    /** The caller has claimed the cut of this call. */
    void cancel(Call call, Cut cut) {
        try {
            if (call.cancelMayBlock()) {
                Workers.POOL.execute(() -> cancelNow(call, cut));
            } else {
                cancelNow(call, cut);
            }
        } catch (Throwable fault) {
            faults.report("guard/cancel", fault);
        }
    }

    private void cancelNow(Call call, Cut cut) {
        try {
            call.cancel(cut.refusal());
        } catch (Throwable fault) {
            faults.report("guard/cancel", fault);
        } finally {
            cut.cancelled();
        }
    }
}
