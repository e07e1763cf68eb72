package dev.resilience.agent.guard;

import dev.resilience.instrumentation.api.Call;
import dev.resilience.instrumentation.api.Refusal;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A call that notes how it is cut. */
final class FakeCall extends Call {
    final List<Refusal> cuts = new CopyOnWriteArrayList<>();
    boolean continuing;
    boolean limited = true;
    long patience;
    int asked;

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
    public long patienceNanos() {
        return patience;
    }

    @Override
    public void cancel(Refusal refusal) {
        cuts.add(refusal);
    }
}
