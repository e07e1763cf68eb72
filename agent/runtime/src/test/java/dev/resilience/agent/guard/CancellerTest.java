package dev.resilience.agent.guard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.resilience.instrumentation.api.Reason;
import dev.resilience.instrumentation.api.Refusal;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class CancellerTest {
    /** As many as a pool of connections has, whose network is gone: none is cut later for being one of many. */
    private static final int AT_ONCE = 60;

    @Test
    void cancelsThatBlockDoNotWaitForOneAnother() throws Exception {
        Canceller canceller = new Canceller(new FaultLog(line -> {}));
        CountDownLatch end = new CountDownLatch(1);
        List<FakeCall> calls = Stream.generate(FakeCall::new).limit(AT_ONCE).toList();
        try {
            for (FakeCall call : calls) {
                call.cancelling = end;
                canceller.cancel(call, new Cut(Refusal.saying("cut", Reason.DEADLINE_EXHAUSTED, 0, null), 1, null));
            }
            for (int waits = 0; waits < 2_000 && calls.stream().anyMatch(call -> call.cuts.isEmpty()); waits++) {
                Thread.sleep(10);
            }
            assertThat(calls).noneMatch(call -> call.cuts.isEmpty());
        } finally {
            end.countDown();
        }
    }
}
