package dev.resilience.agent.guard;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.resilience.agent.policy.LimitConfig;
import dev.resilience.agent.policy.Mode;
import dev.resilience.agent.policy.Policy;
import dev.resilience.engine.ConcurrencyConfig;
import dev.resilience.engine.RateConfig;
import dev.resilience.instrumentation.api.Ending;
import dev.resilience.instrumentation.api.Guard;
import dev.resilience.instrumentation.api.Guards;
import dev.resilience.instrumentation.api.Refusal;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class AllocationTest {
    private static final int CALLS = 1_000_000;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final FakeCall call = new FakeCall();

    @Test
    void aPlainAdmissionAllocatesNothingWhileObserving() {
        assertThat(bytesPerRun(Policies.policy(Mode.OBSERVE))).isZero();
    }

    @Test
    void aPlainAdmissionAllocatesNothingWhileEnforcing() {
        assertThat(bytesPerRun(Policies.policy(Mode.ENFORCE))).isZero();
    }

    @Test
    void aRouteIsFoundWithoutMakingIt() {
        assertThat(bytesPerRun(Policies.byRoute(Mode.ENFORCE))).isZero();
    }

    @Test
    void aKnownGrpcMethodIsGuardedForNothing() {
        assertThat(bytesPerRun(Policies.policy(Mode.OBSERVE), guards -> guards.grpc("pay:9000", "shop.Pay/Charge")))
                .isZero();
    }

    @Test
    void aKnownDatabaseIsGuardedForNothing() {
        assertThat(bytesPerRun(
                        Policies.policy(Mode.OBSERVE),
                        guards -> guards.jdbc("jdbc:postgresql://db:5432/shop?user=a&password=b", "pool-1")))
                .isZero();
        assertThat(bytesPerRun(Policies.policy(Mode.ENFORCE), guards -> guards.jdbc("jdbc:h2:mem:shop", null)))
                .isZero();
    }

    @ParameterizedTest
    @EnumSource(names = {"OBSERVE", "ENFORCE"})
    void limitsThatAreNotReachedAllocateNothing(Mode mode) {
        RateConfig rate = new RateConfig(1_000_000, RateConfig.SECOND, 1_000_000);
        LimitConfig both = new LimitConfig(new ConcurrencyConfig.Fixed(20), 10, LimitConfig.DEFAULT_MAX_WAIT, rate);
        LimitConfig adaptive =
                new LimitConfig(new ConcurrencyConfig.Adaptive(2, 200), 0, LimitConfig.DEFAULT_MAX_WAIT, null);

        URI uri = URI.create("http://x/");
        // two readings for each call: 2 us, half of what the rate allows
        long[] now = {0};
        LongSupplier clock = () -> now[0] += 1_000;
        for (LimitConfig limit : List.of(both, adaptive)) {
            Policy policy = Policies.limited(mode, Policies.BREAKER, limit, null, null);
            assertThat(bytesPerRun(policy, clock, guards -> guards.http("GET", uri)))
                    .isZero();
        }
    }

    @Test
    void aCallThatWouldBeRefusedAllocatesNothingWhileNobodyLooks() {
        Policy limited = Policies.limited(Mode.OBSERVE, Policies.BREAKER, Policies.perSecond(1), null, null);

        assertThat(bytesPerRun(limited)).isZero();
    }

    @Test
    void readsTheClockTwiceForEachCall() {
        ManualClock clock = new ManualClock();
        Recorder recorder = new Recorder();
        recorder.tracing = false;
        GuardRegistry registry = registry(Policies.policy(Mode.ENFORCE), clock, recorder);
        Guard guard = Objects.requireNonNull(registry.http("GET", URI.create("http://x/")));
        long before = clock.reads();

        guard.tryAcquire(call);
        guard.settle(call, Ending.OK);

        assertThat(clock.reads() - before).isEqualTo(2);
    }

    private long bytesPerRun(Policy policy) {
        URI uri = URI.create("http://Payments.svc:8443/v1/orders/17?q=secret");
        return bytesPerRun(policy, guards -> guards.http("GET", uri));
    }

    private long bytesPerRun(Policy policy, Function<Guards, @Nullable Guard> lookup) {
        return bytesPerRun(policy, System::nanoTime, lookup);
    }

    private long bytesPerRun(Policy policy, LongSupplier clock, Function<Guards, @Nullable Guard> lookup) {
        Recorder recorder = new Recorder();
        recorder.tracing = false;
        GuardRegistry registry = registry(policy, clock, recorder);
        // The first rounds pay for compilation and growth; the best of the others is what a call costs.
        long least = Long.MAX_VALUE;
        for (int round = 0; round < 5; round++) {
            least = Math.min(least, bytes(registry, lookup));
        }
        return least;
    }

    private static GuardRegistry registry(Policy policy, LongSupplier clock, Recorder recorder) {
        FaultLog faults = new FaultLog(line -> {});
        return new GuardRegistry(Policies.set(policy), Machinery.byHand(clock, recorder, faults), line -> {});
    }

    private long bytes(GuardRegistry registry, Function<Guards, @Nullable Guard> lookup) {
        long thread = Thread.currentThread().getId();
        long before = threads.getThreadAllocatedBytes(thread);
        for (int i = 0; i < CALLS; i++) {
            Guard guard = Objects.requireNonNull(lookup.apply(registry));
            Refusal refusal = guard.tryAcquire(call);
            if (refusal != null) {
                throw new AssertionError(refusal.message());
            }
            guard.settle(call, Ending.OK);
        }
        return threads.getThreadAllocatedBytes(thread) - before;
    }
}
