package dev.resilience.agent.guard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.resilience.agent.policy.Mode;
import dev.resilience.instrumentation.api.Ending;
import dev.resilience.instrumentation.api.Guard;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class InFlightTest {
    private final InFlight inFlight = new InFlight();

    @Test
    void listsEveryCallOnceHoweverMany() {
        List<FakeCall> calls = new ArrayList<>();
        for (int i = 0; i < 10_000; i++) {
            FakeCall call = new FakeCall();
            assertThat(inFlight.begin(call)).isTrue();
            calls.add(call);
        }
        List<Object> seen = new ArrayList<>();
        inFlight.forEach(seen::add);

        assertThat(inFlight.count()).isEqualTo(10_000);
        assertThat(seen).containsExactlyInAnyOrderElementsOf(calls);
        calls.forEach(inFlight::end);
        calls.forEach(inFlight::end);
        assertThat(inFlight.count()).isZero();
        assertThat(inFlight.unlisted()).isZero();
    }

    @Test
    void letsNothingBeginOnceClosed() {
        FakeCall before = new FakeCall();
        inFlight.begin(before);
        inFlight.close();

        assertThat(inFlight.begin(new FakeCall())).isFalse();
        assertThat(inFlight.count()).isEqualTo(1);
    }

    @Test
    void losesNoSlotBetweenThreads() throws InterruptedException {
        List<Thread> threads = new ArrayList<>();
        AtomicInteger faults = new AtomicInteger();
        for (int t = 0; t < 4; t++) {
            Random random = new Random(t);
            Thread thread = AgentThreads.daemon("test", () -> {
                List<FakeCall> mine = new ArrayList<>();
                for (int i = 0; i < 50_000; i++) {
                    FakeCall call = new FakeCall();
                    if (inFlight.begin(call)) {
                        mine.add(call);
                    } else {
                        faults.incrementAndGet();
                    }
                    while (mine.size() > random.nextInt(600)) {
                        inFlight.end(mine.remove(mine.size() - 1));
                    }
                }
                mine.forEach(inFlight::end);
            });
            threads.add(thread);
            thread.start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(inFlight.count()).isZero();
        assertThat(faults).hasValue(0);
    }

    @Test
    void givesBackWhatACollectedCallOwes() {
        ManualClock clock = new ManualClock();
        Recorder recorder = new Recorder();
        Machinery machinery = Machinery.byHand(clock, recorder, new FaultLog(line -> {}));
        GuardRegistry registry = new GuardRegistry(Policies.set(Policies.policy(Mode.ENFORCE)), machinery, line -> {});
        Guard guard = Objects.requireNonNull(registry.http("GET", URI.create("http://x/")));
        FakeCall kept = new FakeCall();
        guard.tryAcquire(kept);
        guard.tryAcquire(new FakeCall());
        machinery.inFlight().sweep(clock.getAsLong());
        assertThat(machinery.inFlight().count()).isEqualTo(2);

        clock.advance(Duration.ofNanos(InFlight.OLD_NANOS + 1));
        machinery.inFlight().sweep(clock.getAsLong());
        for (int i = 0; i < 100 && machinery.inFlight().count() > 1; i++) {
            System.gc();
            machinery.inFlight().sweep(clock.getAsLong());
        }

        assertThat(machinery.inFlight().count()).isEqualTo(1);
        assertThat(recorder.closed).containsExactly("answer");
        guard.settle(kept, Ending.OK);
        assertThat(machinery.inFlight().count()).isZero();
    }
}
