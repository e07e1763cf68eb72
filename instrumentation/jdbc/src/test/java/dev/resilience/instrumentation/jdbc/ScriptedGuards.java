package dev.resilience.instrumentation.jdbc;

import dev.resilience.instrumentation.api.Call;
import dev.resilience.instrumentation.api.Ending;
import dev.resilience.instrumentation.api.Fallback;
import dev.resilience.instrumentation.api.Faults;
import dev.resilience.instrumentation.api.Guard;
import dev.resilience.instrumentation.api.Guards;
import dev.resilience.instrumentation.api.Reason;
import dev.resilience.instrumentation.api.Refusal;
import dev.resilience.instrumentation.api.StatementKind;
import dev.resilience.testkit.Permits;
import java.net.URI;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** One guard for every database, that admits, refuses and times as a test says, and counts its permits. */
final class ScriptedGuards implements Guards {
    volatile boolean guarding = true;
    volatile boolean enforcing = true;
    volatile boolean open;
    volatile boolean draining;
    volatile long deadlineMillis;

    /** The deadline of what this thread calls, where it differs. */
    final ThreadLocal<Long> deadlineOfThread = new ThreadLocal<>();

    volatile int places = Integer.MAX_VALUE;
    volatile @Nullable Error broken;

    /** While set, the resolver does not answer. */
    volatile boolean unresolving;

    private final List<Runnable> unresolved = new CopyOnWriteArrayList<>();

    /** Others, whose guards count instead of this one's. */
    private volatile @Nullable Guards instead;

    final AtomicInteger generation = new AtomicInteger();
    final AtomicInteger admitted = new AtomicInteger();
    final AtomicInteger refused = new AtomicInteger();
    final Permits permits = new Permits();
    final AtomicInteger spurious = new AtomicInteger();
    final List<Ending> endings = new CopyOnWriteArrayList<>();
    final List<@Nullable Throwable> expired = new CopyOnWriteArrayList<>();
    final List<String> lookups = new CopyOnWriteArrayList<>();
    final List<Throwable> faults = new CopyOnWriteArrayList<>();

    private final ScheduledExecutorService timer = Executors.newScheduledThreadPool(64, run -> {
        Thread thread = new Thread(run, "test-deadlines");
        thread.setDaemon(true);
        return thread;
    });
    private final Guard guard = new Scripted();

    /** Fails while a call is in flight: what comes of it would be taken for what comes of the next. */
    void reset() {
        permits.assertAllBack();
        guarding = true;
        enforcing = true;
        open = false;
        draining = false;
        deadlineMillis = 0;
        places = Integer.MAX_VALUE;
        broken = null;
        unresolving = false;
        unresolved.forEach(Runnable::run);
        unresolved.clear();
        instead = null;
        generation.incrementAndGet();
        for (AtomicInteger counter : List.of(admitted, refused, spurious)) {
            counter.set(0);
        }
        for (List<?> list : List.<List<?>>of(endings, expired, lookups, faults)) {
            list.clear();
        }
    }

    void giveWayTo(Guards guards) {
        instead = guards;
        generation.incrementAndGet();
    }

    @Override
    public StatementKind kindOf(String sql) {
        Guards others = instead;
        return others == null ? StatementKind.OTHER : others.kindOf(sql);
    }

    @Override
    public boolean tryRun(Runnable work) {
        return unresolving && unresolved.add(work);
    }

    List<String> tokens() {
        return endings.stream().map(Ending::token).toList();
    }

    @Override
    public int generation() {
        breakIfTold();
        return generation.get();
    }

    @Override
    public @Nullable Guard http(String method, URI uri) {
        return null;
    }

    @Override
    public @Nullable Guard grpc(String authority, String fullMethod) {
        return null;
    }

    @Override
    public @Nullable Guard jdbc(String url, @Nullable String pool) {
        breakIfTold();
        Guards others = instead;
        if (others != null) {
            return others.jdbc(url, pool);
        }
        lookups.add(url + " " + pool);
        return guarding ? guard : null;
    }

    @Override
    public Faults faults() {
        return (site, fault) -> faults.add(fault);
    }

    private void breakIfTold() {
        Error error = broken;
        if (error != null) {
            throw error;
        }
    }

    private final class Scripted implements Guard {
        @Override
        public boolean enforces() {
            breakIfTold();
            return enforcing;
        }

        @Override
        public long deadlineNanos() {
            breakIfTold();
            Long own = deadlineOfThread.get();
            return enforcing ? TimeUnit.MILLISECONDS.toNanos(own == null ? deadlineMillis : own) : 0;
        }

        @Override
        public boolean isDeadlineAdaptive() {
            return false;
        }

        @Override
        public void answering(Call call) {}

        @Override
        public @Nullable Refusal tryAcquire(Call call) {
            breakIfTold();
            if (enforcing && draining && !call.continuesWork()) {
                refused.incrementAndGet();
                return Refusal.saying("refused: draining (104)", Reason.DRAINING, 0, null);
            }
            if (enforcing && (open || permits.out().size() >= places)) {
                refused.incrementAndGet();
                return Refusal.saying("refused: circuit_open (102)", Reason.CIRCUIT_OPEN, 0, null);
            }
            admitted.incrementAndGet();
            permits.taken(call);
            call.admitted(1, System.nanoTime());
            if (deadlineNanos() > 0 && call.timedByGuard()) {
                Refusal refusal = Refusal.saying("cut: deadline_exhausted (100)", Reason.DEADLINE_EXHAUSTED, 0, null);
                call.attachment(timer.schedule(
                        () -> {
                            if (!call.isSettled()) {
                                call.cancel(refusal);
                            }
                        },
                        Math.max(deadlineNanos(), call.leastNanos()),
                        TimeUnit.NANOSECONDS));
            }
            return null;
        }

        @Override
        public @Nullable Fallback settle(Call call, Ending ending) {
            breakIfTold();
            end(call, () -> endings.add(ending));
            return null;
        }

        @Override
        public @Nullable Fallback settleExpired(Call call, @Nullable Throwable thrown) {
            breakIfTold();
            end(call, () -> expired.add(thrown));
            return null;
        }

        private void end(Call call, Runnable record) {
            if (call.trySettle()) {
                record.run();
                permits.back(call);
                if (call.attachment() instanceof java.util.concurrent.Future<?> armed) {
                    armed.cancel(false);
                }
            } else {
                spurious.incrementAndGet();
            }
        }
    }
}
