package dev.resilience.benchmarks;

import dev.resilience.instrumentation.api.Call;
import dev.resilience.instrumentation.api.Refusal;

/** One call object for each thread. A client's adapter makes one for each call; that one is its price, not the guard's. */
final class ReusedCall extends Call {
    static final String URL = "jdbc:postgresql://127.0.0.1:5432/shop";
    static final ThreadLocal<ReusedCall> HERE = ThreadLocal.withInitial(ReusedCall::new);

    @Override
    public void cancel(Refusal refusal) {}
}
