package dev.resilience.agent.guard;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.resilience.agent.policy.FailureRules;
import dev.resilience.agent.policy.Key;
import dev.resilience.agent.policy.Match;
import dev.resilience.agent.policy.Mode;
import dev.resilience.agent.policy.Policy;
import dev.resilience.engine.BreakerConfig;
import dev.resilience.engine.Strategy;
import dev.resilience.instrumentation.api.Ending;
import dev.resilience.instrumentation.api.Guard;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What 10,000 targets weigh, and what they cost the pulse. The figures stand in docs/rationale/guard.md. */
class ManyTargetsTest {
    private static final int TARGETS = 10_000;
    private static final int MOST_BYTES = 2_048;

    private final ManualClock clock = new ManualClock();
    private final Recorder recorder = new Recorder();
    private final FaultLog faults = new FaultLog(line -> {});
    private final Machinery machinery = Machinery.byHand(clock, recorder, faults);
    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    ManyTargetsTest() {
        recorder.tracing = false;
    }

    @ParameterizedTest
    @EnumSource(Key.class)
    void weighTwoKilobytesEachAtMostWithTheirWindowsFull(Key key) {
        GuardRegistry registry = registry(key);
        long before = liveBytes();
        fillWindows(registry);
        long each = (liveBytes() - before) / TARGETS;

        assertThat(registry.targets()).isEqualTo(TARGETS);
        System.out.println("live bytes for each target, by " + key + ": " + each);
        assertThat(each).isPositive().isLessThan(MOST_BYTES);
    }

    /** Not 2 KB: its latencies alone are one. */
    @Test
    void weighThreeKilobytesEachAtMostWithTheAdaptiveBreaker() {
        GuardRegistry registry = registry(Key.HOST, Policies.breaker(Strategy.Adaptive.DEFAULT));
        long before = liveBytes();
        fillWindows(registry);
        long each = (liveBytes() - before) / TARGETS;
        callEach(registry, TARGETS, Ending.OK);
        long busy = cpuOfABeat(1);
        long idle = cpuOfABeat(50);

        System.out.println("adaptive: live bytes for each target: " + each + "; CPU of a beat over 10,000, µs: "
                + busy / 1_000 + " all called since the last, " + idle / 1_000 + " idle");
        assertThat(each).isPositive().isLessThan(3_072);
        assertThat(idle).isLessThan(50_000_000);
    }

    @Test
    void areGivenBackWhenTheyLeave() {
        GuardRegistry registry = registry(Key.HOST);
        callEach(registry, TARGETS, Ending.OK);
        callEach(registry, TARGETS, Ending.OK);
        long full = liveBytes();
        for (int beat = 0; beat < 6_500; beat++) {
            clock.advance(Duration.ofMillis(100));
            machinery.pulse().beat();
        }

        assertThat(registry.targets()).isZero();
        assertThat(full - liveBytes()).isGreaterThan(500L * TARGETS);
    }

    @Test
    void costThePulseNothingWhileNobodyCallsThem() {
        GuardRegistry registry = registry(Key.HOST);
        callEach(registry, TARGETS, Ending.OK);
        long busy = cpuOfABeat(20);
        for (int beat = 0; beat < 110; beat++) {
            clock.advance(Duration.ofMillis(100));
            machinery.pulse().beat();
        }
        assertThat(machinery.pulse().awake()).isZero();
        long idle = cpuOfABeat(99);

        System.out.println("CPU of a beat over 10,000 targets, µs: " + busy / 1_000 + " called of late, " + idle / 1_000
                + " idle");
        assertThat(busy).isLessThan(50_000_000);
        assertThat(idle).isLessThan(busy / 10);
    }

    @Test
    void areLookedThroughForThoseThatMayLeaveWithoutAllocating() {
        GuardRegistry registry = registry(Key.HOST);
        callEach(registry, TARGETS, Ending.OK);
        for (int i = 0; i < 10; i++) {
            registry.leave();
        }
        long before = threads.getCurrentThreadAllocatedBytes();
        long cpu = threads.getCurrentThreadCpuTime();
        registry.leave();
        long spent = threads.getCurrentThreadCpuTime() - cpu;
        long allocated = threads.getCurrentThreadAllocatedBytes() - before;

        System.out.println("CPU of a look for those that may leave, µs: " + spent / 1_000);
        assertThat(allocated).isLessThan(10_000);
        assertThat(registry.targets()).isEqualTo(TARGETS);
    }

    private GuardRegistry registry(Key key) {
        return registry(key, Policies.TIME_WINDOW);
    }

    private GuardRegistry registry(Key key, BreakerConfig breaker) {
        Policy policy =
                new Policy("p", Mode.ENFORCE, Match.ALL, key, breaker, FailureRules.DEFAULTS, null, null, Set.of());
        return new GuardRegistry(Policies.set(policy, TARGETS, 100), machinery, line -> {});
    }

    private void fillWindows(GuardRegistry registry) {
        for (int second = 0; second < 15; second++) {
            callEach(registry, TARGETS, second % 4 == 0 ? Ending.status(503) : Ending.OK);
            for (int beat = 0; beat < 10; beat++) {
                clock.advance(Duration.ofMillis(100));
                machinery.pulse().beat();
            }
        }
    }

    private static void callEach(GuardRegistry registry, int targets, Ending ending) {
        FakeCall call = new FakeCall();
        for (int i = 0; i < targets; i++) {
            URI uri = URI.create("http://service-" + i / 100 + "-" + i + ".shop.svc.cluster.local:8080/v1/orders/word");
            Guard guard = Objects.requireNonNull(registry.http("GET", uri));
            guard.tryAcquire(call);
            guard.settle(call, ending);
        }
    }

    /** The least of so many. */
    private long cpuOfABeat(int beats) {
        long least = Long.MAX_VALUE;
        for (int beat = 0; beat < beats; beat++) {
            clock.advance(Duration.ofMillis(100));
            long before = threads.getCurrentThreadCpuTime();
            machinery.pulse().beat();
            least = Math.min(least, threads.getCurrentThreadCpuTime() - before);
        }
        return least;
    }

    /** What is left after collections that find no more. */
    private static long liveBytes() {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 4; i++) {
            System.gc();
            least = Math.min(
                    least,
                    ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed());
        }
        return least;
    }
}
