package dev.resilience.agent.guard;

import dev.resilience.instrumentation.api.Call;
import dev.resilience.instrumentation.api.Refusal;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/** A call that notes how it is cut. */
final class FakeCall extends Call {
    final List<Refusal> cuts = new CopyOnWriteArrayList<>();
    boolean continuing;
    boolean limited = true;
    long patience;
    long least;
    long cancelNanos;
    int asked;
    boolean timedByLibrary;
    boolean stream;
    /** Where a cancel waits; null for one that does not block. */
    @Nullable
    CountDownLatch cancelling;

    @Override
    public boolean continuesWork() {
        asked++;
        return continuing;
    }

    @Override
    public boolean isLimited() {
        return limited;
    }

    @Override
    public long cancelNanos() {
        return cancelNanos;
    }

    @Override
    public long patienceNanos() {
        return patience;
    }

    @Override
    public long leastNanos() {
        return least;
    }

    @Override
    public boolean hasDeadline() {
        return !stream;
    }

    @Override
    public void cancel(Refusal refusal) {
        cuts.add(refusal);
        if (cancelling != null) {
            try {
                cancelling.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    @Override
    public boolean cancelMayBlock() {
        return cancelling != null;
    }

    @Override
    public boolean timedByGuard() {
        return !timedByLibrary;
    }

    @Override
    public boolean timedByLibrary() {
        return timedByLibrary;
    }
}
