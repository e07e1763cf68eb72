package dev.resilience.benchmarks;

import dev.resilience.agent.guard.FaultLog;
import dev.resilience.agent.guard.GuardRegistry;
import dev.resilience.agent.policy.PolicyLoader;
import dev.resilience.agent.signal.Signal;
import dev.resilience.agent.signal.Sink;
import dev.resilience.agent.signal.Subject;
import dev.resilience.agent.signal.Trace;
import dev.resilience.instrumentation.api.Ending;
import dev.resilience.instrumentation.api.Guard;
import java.net.URI;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What a call costs, from the look-up to its outcome, with one target and with 10,000 of them. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 6, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(value = 3, jvmArgsAppend = "-Xmx256m")
public class TargetsBenchmark {
    private static final int ORDER = 1 << 16;

    /** How many targets are live, and how many of them are called, in random order. */
    @Param({"1/1", "10000/1", "10000/100", "10000/1000", "10000/10000"})
    private String liveAndCalled = "1/1";

    private final ReusedCall call = new ReusedCall();
    private final FaultLog faults = new FaultLog(System.err::println);
    private final int[] order = new int[ORDER];
    private URI[] uris = {};
    private String[] copies = {};
    private int next;
    private @Nullable GuardRegistry registry;

    @Setup
    public void callEachOnce() {
        int slash = liveAndCalled.indexOf('/');
        int live = Integer.parseInt(liveAndCalled.substring(0, slash));
        int called = Integer.parseInt(liveAndCalled.substring(slash + 1));
        GuardRegistry guards = new GuardRegistry(
                PolicyLoader.load(Map.of(), Map.of()).policies(), new NobodyRecords(), faults, System.err::println);
        uris = new URI[live];
        copies = new String[live];
        for (int i = 0; i < live; i++) {
            uris[i] = URI.create("http://service-" + i + ".shop.svc:8080/v1/orders/17");
            copies[i] = new String(uris[i].getHost());
            Guard guard = Objects.requireNonNull(guards.http("GET", uris[i]));
            guard.tryAcquire(call);
            guard.settle(call, Ending.OK);
        }
        Random random = new Random(1);
        for (int i = 0; i < ORDER; i++) {
            order[i] = random.nextInt(called) * (live / called);
        }
        registry = guards;
    }

    private int next() {
        return order[next++ & (ORDER - 1)];
    }

    @Benchmark
    public Object call() {
        Guard guard = Objects.requireNonNull(Objects.requireNonNull(registry).http("GET", uris[next()]));
        Object refusal = guard.tryAcquire(call);
        guard.settle(call, Ending.OK);
        return refusal == null ? guard : refusal;
    }

    @Benchmark
    public Object lookUp() {
        return Objects.requireNonNull(Objects.requireNonNull(registry).http("GET", uris[next()]));
    }

    /** What any table by name must touch: the URI, its host, and one other string that equals it. */
    @Benchmark
    public boolean compareHost() {
        int i = next();
        return uris[i].getHost().equals(copies[i]);
    }

    private static final class NobodyRecords implements Sink {
        @Override
        public @Nullable Trace open(Subject subject) {
            return null;
        }

        @Override
        public void accept(Signal signal) {}
    }
}
