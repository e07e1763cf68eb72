package dev.resilience.testkit;

import dev.resilience.instrumentation.api.Alternate;
import dev.resilience.instrumentation.api.Call;
import dev.resilience.instrumentation.api.Ending;
import dev.resilience.instrumentation.api.Fallback;
import dev.resilience.instrumentation.api.Faults;
import dev.resilience.instrumentation.api.Guard;
import dev.resilience.instrumentation.api.Guards;
import dev.resilience.instrumentation.api.Reason;
import dev.resilience.instrumentation.api.Refusal;
import dev.resilience.instrumentation.api.StaticAnswer;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * One guard for every call, which does what a test scripts, and keeps what it was told. The fields are set between
 * calls, by the test; {@link #reset} takes all of it back.
 */
public final class ScriptedGuards implements Guards {
    public static final String REFUSED = "refused by the script: circuit_open (102)";
    public static final String EXPIRED = "cut by the script: deadline_exhausted (100)";

    private final List<Ending> endings = new CopyOnWriteArrayList<>();
    private final List<Throwable> faults = new CopyOnWriteArrayList<>();
    private final List<String> fallbacks = new CopyOnWriteArrayList<>();
    private final AtomicInteger admitted = new AtomicInteger();
    private final Permits permits = new Permits();
    private final AtomicInteger generation = new AtomicInteger();
    private final ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(2, run -> {
        Thread thread = java.util.concurrent.Executors.defaultThreadFactory().newThread(run);
        thread.setName("resilience-timer");
        thread.setDaemon(true);
        return thread;
    });

    private volatile @Nullable Guards instead;
    private volatile boolean guarding;
    private volatile boolean enforcing;
    private volatile boolean refusing;
    private volatile Duration deadline = Duration.ZERO;
    private volatile @Nullable StaticAnswer answer;
    private volatile Set<String> failures = Set.of();
    private volatile @Nullable Error broken;
    private volatile long patienceNanos;

    public ScriptedGuards() {
        timer.setRemoveOnCancelPolicy(true);
        reset();
    }

    /**
     * Back to observing: nothing is refused, bounded, answered or broken, and nothing has been told. Waits for the calls
     * in flight, as their ends would be taken for those of calls to come.
     */
    public void reset() {
        Eventually.eventually(permits.out()::isEmpty);
        permits.assertAllBack();
        instead = null;
        guarding = true;
        enforcing = false;
        refusing = false;
        patienceNanos = -1;
        deadline = Duration.ZERO;
        answer = null;
        failures = Set.of();
        broken = null;
        endings.clear();
        faults.clear();
        fallbacks.clear();
        admitted.set(0);
        generation.incrementAndGet();
    }

    /** Every call has the guard that these would find for it. */
    public void giveWayTo(Guards guards) {
        instead = guards;
        generation.incrementAndGet();
    }

    /** No call has a guard. */
    public void ignore() {
        guarding = false;
        generation.incrementAndGet();
    }

    public void enforce() {
        enforcing = true;
        generation.incrementAndGet();
    }

    /** Enforces, and refuses every call. */
    public void refuse() {
        enforce();
        refusing = true;
    }

    /** Enforces, and bounds every call. */
    public void bound(Duration within) {
        enforce();
        deadline = within;
    }

    /** Enforces, and gives this answer for refusals, deadlines, and endings with one of these tokens. */
    public void fallBackTo(StaticAnswer given, String... failureTokens) {
        enforce();
        answer = given;
        failures = Set.of(failureTokens);
    }

    /** From now on every method of guards and guard throws {@code error}; null repairs them. */
    public void breakWith(@Nullable Error error) {
        broken = error;
    }

    /** How admitted calls ended, in the order they did. */
    public List<Ending> endings() {
        return List.copyOf(endings);
    }

    public List<String> tokens() {
        return endings.stream().map(Ending::token).toList();
    }

    /** The agent's own faults, as adapters and the linker reported them. */
    public List<Throwable> reported() {
        return List.copyOf(faults);
    }

    /** {@code served}, or {@code failed: why}, for each fallback that was tried. */
    public List<String> fallbacks() {
        return List.copyOf(fallbacks);
    }

    /** How long the last call that limits count may be made to wait; -1 when there was none. */
    public long patienceNanos() {
        return patienceNanos;
    }

    public int admitted() {
        return admitted.get();
    }

    /** Permits that were not given back. */
    public int inFlight() {
        return permits.out().size();
    }

    @Override
    public int generation() {
        breakIfTold();
        return generation.get();
    }

    @Override
    public @Nullable Guard http(String method, URI uri) {
        Guards others = instead;
        return others == null ? guard() : others.http(method, uri);
    }

    @Override
    public @Nullable Guard grpc(String authority, String fullMethod) {
        Guards others = instead;
        return others == null ? guard() : others.grpc(authority, fullMethod);
    }

    @Override
    public @Nullable Guard jdbc(String url, @Nullable String pool) {
        return guard();
    }

    @Override
    public Faults faults() {
        return (site, fault) -> faults.add(fault);
    }

    private @Nullable Guard guard() {
        breakIfTold();
        return guarding ? new Script(enforcing, enforcing ? deadline.toNanos() : 0) : null;
    }

    private void breakIfTold() {
        Error error = broken;
        if (error != null) {
            throw error;
        }
    }

    private final class Script implements Guard {
        private final boolean enforces;
        private final long deadlineNanos;

        Script(boolean enforces, long deadlineNanos) {
            this.enforces = enforces;
            this.deadlineNanos = deadlineNanos;
        }

        @Override
        public boolean enforces() {
            breakIfTold();
            return enforces;
        }

        @Override
        public long deadlineNanos() {
            breakIfTold();
            return deadlineNanos;
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
            if (call.isLimited()) {
                patienceNanos = call.patienceNanos();
            }
            if (enforces && refusing) {
                return Refusal.saying(REFUSED, Reason.CIRCUIT_OPEN, 0, fallback());
            }
            admitted.incrementAndGet();
            permits.taken(call);
            call.admitted(1, System.nanoTime());
            if (deadlineNanos > 0 && call.timedByGuard()) {
                call.attachment(timer.schedule(() -> expire(call), deadlineNanos, TimeUnit.NANOSECONDS));
            }
            return null;
        }

        private void expire(Call call) {
            if (!call.isSettled()) {
                call.cancel(Refusal.saying(EXPIRED, Reason.DEADLINE_EXHAUSTED, 0, null));
            }
        }

        @Override
        public @Nullable Fallback settle(Call call, Ending ending) {
            breakIfTold();
            return end(call, ending) && enforces && failures.contains(ending.token()) ? fallback() : null;
        }

        @Override
        public @Nullable Fallback settleExpired(Call call, @Nullable Throwable thrown) {
            breakIfTold();
            return end(call, Ending.failed(Ending.TIMEOUT, thrown)) && enforces ? fallback() : null;
        }

        private boolean end(Call call, Ending ending) {
            if (!call.trySettle()) {
                return false;
            }
            endings.add(ending);
            if (call.attachment() instanceof Future<?> armed) {
                armed.cancel(false);
            }
            permits.back(call);
            return true;
        }

        private @Nullable Fallback fallback() {
            StaticAnswer given = answer;
            return given == null ? null : new Scripted(given);
        }
    }

    private final class Scripted implements Fallback {
        private final StaticAnswer answer;

        Scripted(StaticAnswer answer) {
            this.answer = answer;
        }

        @Override
        public StaticAnswer answer() {
            return answer;
        }

        @Override
        public @Nullable Alternate alternate() {
            return null;
        }

        @Override
        public void served() {
            fallbacks.add("served");
        }

        @Override
        public @Nullable Fallback failed(Throwable cause) {
            fallbacks.add("failed: " + cause);
            return null;
        }

        @Override
        public void tooLate(Throwable cause) {
            failed(cause);
        }
    }
}
