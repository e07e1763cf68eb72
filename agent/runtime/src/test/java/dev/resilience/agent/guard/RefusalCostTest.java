package dev.resilience.agent.guard;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.resilience.agent.policy.Mode;
import dev.resilience.agent.policy.Policy;
import dev.resilience.engine.Strategy;
import dev.resilience.instrumentation.api.Ending;
import dev.resilience.instrumentation.api.Guard;
import dev.resilience.instrumentation.api.Reason;
import dev.resilience.instrumentation.api.Refusal;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a refusal costs while nobody reads it, with an exception as adapters make them, thrown and caught. */
class RefusalCostTest {
    private static final int REFUSALS = 300_000;

    /** The refusal and an IOException of ours. */
    private static final double MOST_BYTES = 56 + 40;

    /** One in 1024 with a stack trace of 1 to 2 KB, as deep as JUnit calls us. */
    private static final double STACK_TRACES = 10;

    /**
     * Two clock reads are 47 to 50 ns where nobody else is at work, and 60 ns is what is promised: 1.2 of them. Measured
     * alone 0.9; after 112 other tests of guards in one JVM, at load 18, 1.4 to 1.8. A message for each is five more, a
     * stack trace twenty-five.
     */
    private static final double MOST = 3.0;

    private static final int ROUNDS = 9;
    private static final int ATTEMPTS = 10;

    private static final Ending FAULT = Ending.failed(Ending.CONNECT, new IOException());
    private static final Policy NO_PLACE =
            Policies.limited(Mode.ENFORCE, null, Policies.atOnce(1, 0, Duration.ofSeconds(1)), null, null);

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final FakeCall call = new FakeCall();
    private Machinery machinery = Machinery.byHand(System::nanoTime, new Recorder(), new FaultLog(line -> {}));

    /** As those of the adapters, which the agent's own classes do not see. */
    private static final class Thrown extends IOException {
        private static final long serialVersionUID = 1;

        private final transient Refusal refusal;

        Thrown(Refusal refusal) {
            this.refusal = refusal;
            if (refusal.showsStackTrace()) {
                super.fillInStackTrace();
            }
        }

        @Override
        public String getMessage() {
            return refusal.message();
        }

        @Override
        public synchronized Throwable fillInStackTrace() {
            return this;
        }
    }

    /** A guard that refuses, and whether it does because its calls failed, or because the first of them does not end. */
    private record Refusing(String what, Policy policy, boolean isOpen) {
        @Override
        public String toString() {
            return what;
        }
    }

    static List<Refusing> refusing() {
        Strategy one = new Strategy.Adaptive(true, true, 1, 1);
        return List.of(
                new Refusing("open", Policies.policy(Mode.ENFORCE), true),
                new Refusing("adaptive, open", breaking(Strategy.Adaptive.DEFAULT), true),
                new Refusing("adaptive, full", breaking(one), false),
                new Refusing("no place", NO_PLACE, false));
    }

    private static Policy breaking(Strategy strategy) {
        return Policies.policy(Mode.ENFORCE, Policies.breaker(strategy), null, null);
    }

    @ParameterizedTest
    @MethodSource("refusing")
    void allocatesTwoSmallObjectsForEach(Refusing kind) {
        Guard guard = guard(kind);
        double least = Double.MAX_VALUE;
        for (int round = 0; round < 5; round++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            refuse(guard);
            least = Math.min(least, (threads.getCurrentThreadAllocatedBytes() - before) / (double) REFUSALS);
        }
        assertThat(least).isBetween(1.0, MOST_BYTES + STACK_TRACES);
    }

    @ParameterizedTest
    @MethodSource("refusing")
    void takesHardlyLongerThanTwoClockReads(Refusing kind) {
        Guard guard = guard(kind);
        double least = Double.MAX_VALUE;
        for (int attempt = 0; attempt < ATTEMPTS && least >= MOST; attempt++) {
            double[] ratios = new double[ROUNDS];
            for (int round = 0; round < ROUNDS; round++) {
                long clocks = processorNanos(RefusalCostTest::readClocks);
                ratios[round] = processorNanos(() -> refuse(guard)) / (double) Math.max(1, clocks);
            }
            Arrays.sort(ratios);
            least = Math.min(least, ratios[ROUNDS / 2]);
        }
        assertThat(least).isLessThan(MOST);
    }

    @Test
    void showsAStackTraceForTheFirstAndForOneInAThousand() {
        Guard guard = guard(NO_PLACE, new ManualClock());
        guard.tryAcquire(new FakeCall());
        int shown = 0;
        for (int i = 0; i < REFUSALS; i++) {
            boolean shows = Objects.requireNonNull(guard.tryAcquire(call)).showsStackTrace();
            assertThat(i > 0 || shows).isTrue();
            shown += shows ? 1 : 0;
        }
        assertThat(shown).isBetween(REFUSALS / 1024 / 2, REFUSALS / 1024 * 2);
    }

    @Test
    void saysWhatWasSoWhenItRefusedHoweverLateItIsRead() {
        Guard guard = guard(breaking(new Strategy.Adaptive(true, true, 2, 2)), new ManualClock());
        FakeCall first = new FakeCall();
        FakeCall second = new FakeCall();
        guard.tryAcquire(first);
        guard.tryAcquire(second);
        Refusal refusal = Objects.requireNonNull(guard.tryAcquire(call));
        String before = refusal.message();

        guard.settle(first, Ending.OK);
        guard.settle(second, Ending.OK);

        assertThat(refusal.reason()).isEqualTo(Reason.CONCURRENCY_LIMIT);
        assertThat(before).contains("inFlight=2, limit=2");
        assertThat(refusal.message()).isEqualTo(before);
    }

    private Guard guard(Refusing kind) {
        Guard guard = guard(kind.policy, System::nanoTime);
        for (int i = 0; i < 100 && guard.tryAcquire(call) == null; i++) {
            if (kind.isOpen) {
                guard.settle(call, FAULT);
            }
        }
        return guard;
    }

    private Guard guard(Policy policy, LongSupplier clock) {
        Recorder recorder = new Recorder();
        recorder.tracing = false;
        machinery = Machinery.byHand(clock, recorder, new FaultLog(line -> {}));
        GuardRegistry registry = new GuardRegistry(Policies.set(policy), machinery, line -> {});
        return Objects.requireNonNull(registry.http("GET", URI.create("http://x/")));
    }

    private void refuse(Guard guard) {
        machinery.pulse().beat(); // a guard whose pulse stands still refuses nobody
        for (int i = 0; i < REFUSALS; i++) {
            Refusal refusal = guard.tryAcquire(call);
            if (refusal == null) {
                guard.settle(call, FAULT); // a probe
                continue;
            }
            try {
                throw new Thrown(refusal);
            } catch (Thrown caught) {
                if (caught.getCause() != null) {
                    throw new AssertionError(caught);
                }
            }
        }
    }

    private static void readClocks() {
        for (int i = 0; i < REFUSALS; i++) {
            long start = System.nanoTime();
            if (System.nanoTime() - start < 0) {
                throw new AssertionError("the clock stepped back");
            }
        }
    }

    private long processorNanos(Runnable work) {
        long before = threads.getCurrentThreadCpuTime();
        work.run();
        return threads.getCurrentThreadCpuTime() - before;
    }
}
