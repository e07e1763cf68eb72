package dev.resilience.instrumentation.grpc;

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
import dev.resilience.testkit.Permits;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** One guard for all gRPC calls, whose decisions the test sets and whose permits it counts. */
final class ScriptedGuards implements Guards, Guard, Faults {
    static final String MESSAGE = "resilience: call refused: circuit_open (102)";

    volatile boolean enforces;
    volatile long deadlineNanos;
    volatile boolean adaptive;
    volatile @Nullable Reason refuse;
    volatile long retryAfterNanos;
    volatile boolean asksPatience;
    volatile @Nullable StaticAnswer answer;
    volatile String broken = "";
    volatile boolean present = true;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "timer of the guards");
        thread.setDaemon(true);
        return thread;
    });
    final AtomicInteger acquired = new AtomicInteger();
    final Permits permits = new Permits();
    final List<Long> patience = new CopyOnWriteArrayList<>();
    final List<String> asked = new CopyOnWriteArrayList<>();
    final List<Ending> endings = new CopyOnWriteArrayList<>();
    final AtomicInteger expired = new AtomicInteger();
    final List<String> fallbacks = new CopyOnWriteArrayList<>();
    final List<String> faults = new CopyOnWriteArrayList<>();

    /** Fails while a call is in flight: what comes of it would be taken for what comes of the next. */
    void reset() {
        permits.assertAllBack();
        enforces = false;
        deadlineNanos = 0;
        adaptive = false;
        refuse = null;
        retryAfterNanos = 0;
        asksPatience = false;
        patience.clear();
        answer = null;
        broken = "";
        present = true;
        acquired.set(0);
        asked.clear();
        endings.clear();
        expired.set(0);
        fallbacks.clear();
        faults.clear();
    }

    static StaticAnswer bytes(byte[] body) {
        return new StaticAnswer(200, null, Map.of(), body, null);
    }

    static StaticAnswer json(Object json) {
        return new StaticAnswer(200, null, Map.of(), new byte[0], json);
    }

    Refusal refusal(Reason reason) {
        return Refusal.saying(MESSAGE, reason, retryAfterNanos, fallback());
    }

    @Override
    public int generation() {
        return 0;
    }

    @Override
    public @Nullable Guard http(String method, URI uri) {
        return null;
    }

    @Override
    public @Nullable Guard jdbc(String url, @Nullable String pool) {
        return null;
    }

    @Override
    public @Nullable Guard grpc(String authority, String fullMethod) {
        breakIf("grpc");
        asked.add(authority + " " + fullMethod);
        return present ? this : null;
    }

    @Override
    public Faults faults() {
        return this;
    }

    @Override
    public boolean enforces() {
        breakIf("enforces");
        return enforces;
    }

    @Override
    public long deadlineNanos() {
        breakIf("deadlineNanos");
        return enforces ? deadlineNanos : 0;
    }

    @Override
    public boolean isDeadlineAdaptive() {
        breakIf("isDeadlineAdaptive");
        return adaptive;
    }

    @Override
    public void answering(Call call) {}

    @Override
    public @Nullable Refusal tryAcquire(Call call) {
        breakIf("tryAcquire");
        if (asksPatience) {
            patience.add(call.patienceNanos());
        }
        Reason reason = refuse;
        if (reason != null && enforces) {
            return refusal(reason);
        }
        call.admitted(1, System.nanoTime());
        acquired.incrementAndGet();
        permits.taken(call);
        if (deadlineNanos() > 0 && call.timedByGuard()) {
            var unused = timer.schedule(
                    () -> call.cancel(refusal(Reason.DEADLINE_EXHAUSTED)), deadlineNanos, TimeUnit.NANOSECONDS);
        }
        breakIf("tryAcquire, late");
        return null;
    }

    @Override
    public @Nullable Fallback settle(Call call, Ending ending) {
        if (!call.trySettle()) {
            return null;
        }
        endings.add(ending);
        permits.back(call);
        breakIf("settle");
        boolean fault = ending.token().equals("UNAVAILABLE") || ending.token().equals("DEADLINE_EXCEEDED");
        return enforces && fault ? fallback() : null;
    }

    @Override
    public @Nullable Fallback settleExpired(Call call, @Nullable Throwable thrown) {
        if (!call.trySettle()) {
            return null;
        }
        expired.incrementAndGet();
        permits.back(call);
        breakIf("settleExpired");
        return enforces ? fallback() : null;
    }

    @Override
    public void report(String site, Throwable fault) {
        faults.add(site + ": " + fault);
    }

    private @Nullable Fallback fallback() {
        StaticAnswer given = answer;
        return given == null ? null : new Recorded(given);
    }

    private void breakIf(String method) {
        if (broken.equals(method)) {
            throw new AssertionError("broken " + method);
        }
    }

    private final class Recorded implements Fallback {
        private final StaticAnswer given;

        Recorded(StaticAnswer given) {
            this.given = given;
        }

        @Override
        public StaticAnswer answer() {
            breakIf("answer");
            return given;
        }

        @Override
        public @Nullable Alternate alternate() {
            return null;
        }

        @Override
        public void served() {
            fallbacks.add("served");
            breakIf("served");
        }

        @Override
        public @Nullable Fallback failed(Throwable cause) {
            fallbacks.add("failed: " + cause.getMessage());
            breakIf("failed");
            return null;
        }

        @Override
        public void tooLate(Throwable cause) {
            failed(cause);
        }
    }
}
