package dev.resilience.agent.telemetry;

import dev.resilience.instrumentation.api.Faults;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiFunction;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Takes our finished spans to the SDK, on a thread of its own. */
final class OwnExport {
    /*
     * Building the SDK takes a quarter of a second and hundreds of classes; a call must pay for neither. So a call ends
     * in a bounded queue, and the first one starts the thread that builds the SDK and from then on feeds it. A full
     * queue drops the span and says so once. close() puts a last mark into the queue; if there is no room for it the
     * thread is awake anyway and sees `closed`.
     */
    static final int QUEUE = 2_048;
    private static final long POLL_SECONDS = 1;

    private final ExportSettings settings;
    private final BiFunction<String, Runnable, Thread> threads;
    private final LongSupplier nanoClock;
    private final Faults faults;
    private final BlockingQueue<OwnSpan> queue = new ArrayBlockingQueue<>(QUEUE);
    private final AtomicBoolean started = new AtomicBoolean();
    private final CountDownLatch done = new CountDownLatch(1);
    private final OwnSpan last;
    private volatile boolean closed;
    private volatile long closeBy;

    OwnExport(
            ExportSettings settings,
            BiFunction<String, Runnable, Thread> threads,
            LongSupplier nanoClock,
            Faults faults) {
        this.settings = settings;
        this.threads = threads;
        this.nanoClock = nanoClock;
        this.faults = faults;
        this.last = new OwnSpan("last", false, true, Map.of(), 0, nanoClock);
    }

    boolean isClosed() {
        return closed;
    }

    /** Never blocks. */
    void offer(OwnSpan span) {
        if (closed) {
            return;
        }
        if (!queue.offer(span)) {
            reportDropped();
        }
        if (!started.get() && started.compareAndSet(false, true)) {
            start();
        }
    }

    /** The hook comes first: a program may end before the thread has begun. */
    private void start() {
        Thread hook = threads.apply("telemetry-flush", () -> close(OpenTelemetrySink.FLUSH_NANOS));
        try {
            Runtime.getRuntime().addShutdownHook(hook);
        } catch (IllegalStateException exiting) {
            hook = null;
        }
        Thread registered = hook;
        threads.apply("telemetry", () -> run(registered)).start();
    }

    /** Sends what waits and stops; returns when that is done or {@code budgetNanos} is over. */
    void close(long budgetNanos) {
        if (!closed) {
            closeBy = nanoClock.getAsLong() + budgetNanos;
            closed = true;
        }
        if (!started.get()) {
            return;
        }
        queue.offer(last);
        try {
            if (!done.await(budgetNanos, TimeUnit.NANOSECONDS)) {
                reportUnsent();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run(@Nullable Thread hook) {
        try {
            feed(SdkExport.start(settings, faults));
        } catch (Throwable fault) {
            closed = true;
            faults.report("telemetry/export", fault);
        } finally {
            done.countDown();
            forget(hook);
        }
    }

    private void feed(SdkExport export) {
        while (!closed || !queue.isEmpty()) {
            try {
                OwnSpan span = queue.poll(POLL_SECONDS, TimeUnit.SECONDS);
                if (span != null && span != last && !export.send(span)) {
                    reportDropped();
                }
            } catch (InterruptedException stopped) {
                closed = true;
            } catch (RuntimeException fault) {
                faults.report("telemetry/span", fault);
            }
        }
        if (!export.close(closeBy - nanoClock.getAsLong())) {
            reportUnsent();
        }
    }

    private void reportUnsent() {
        faults.report("telemetry/close", new IllegalStateException("spans were still waiting to be sent"));
    }

    private void reportDropped() {
        faults.report("telemetry/queue", new IllegalStateException("the receiver is too slow: spans are dropped"));
    }

    private static void forget(@Nullable Thread hook) {
        if (hook != null) {
            try {
                Runtime.getRuntime().removeShutdownHook(hook);
            } catch (IllegalStateException exiting) {
                return; // it is running
            }
        }
    }
}
