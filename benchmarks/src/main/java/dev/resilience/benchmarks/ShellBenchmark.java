package dev.resilience.benchmarks;

import dev.resilience.agent.guard.FaultLog;
import dev.resilience.agent.guard.GuardRegistry;
import dev.resilience.agent.policy.PolicyLoader;
import dev.resilience.testkit.Woven;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** What a woven call costs over the plain one while the agent observes and the breaker is closed. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(
        jvmArgsAppend = {
            "-Djdk.attach.allowAttachSelf=true",
            "-XX:+IgnoreUnrecognizedVMOptions",
            "-XX:+EnableDynamicAgentLoading"
        })
public class ShellBenchmark {
    private final PlainClient plain = new PlainClient();
    private final UndecidedClient undecided = new UndecidedClient();
    private final StatefulClient stateful = new StatefulClient();
    private final GuardedClient guarded = new GuardedClient();
    private final FaultLog faults = new FaultLog(System.err::println);
    private String sql = "select name from orders"; // not final: a constant would be folded
    private @Nullable Woven woven;

    /** Weaves what the other benchmarks call; no policy is given, so the agent observes by time-window. */
    @Setup
    public void weave() {
        woven = Woven.with(
                new BenchmarkModule(),
                new GuardRegistry(
                        PolicyLoader.load(Map.of(), Map.of()).policies(),
                        new NobodyRecords(),
                        faults,
                        System.err::println));
        requireWoven();
    }

    /** A client that was not woven would be measured as a shell that costs nothing. */
    private void requireWoven() {
        undecided.execute(sql);
        stateful.execute(sql);
        guarded.execute(sql);
        if (Linked.count() != 3) {
            throw new IllegalStateException("advice linked for " + Linked.count() + " of 3 clients");
        }
    }

    @TearDown
    public void unweave() {
        if (woven != null) {
            if (faults.total() != 0 || !woven.warnings().isEmpty()) {
                throw new IllegalStateException("not what was to be measured: " + faults.bySite() + woven.warnings());
            }
            woven.close();
        }
    }

    @Benchmark
    public Object plainCall() {
        return plain.execute(sql);
    }

    @Benchmark
    public Object shellOnly() {
        return undecided.execute(sql);
    }

    @Benchmark
    public Object shellWithState() {
        return stateful.execute(sql);
    }

    @Benchmark
    public Object wholeGuard() {
        return guarded.execute(sql);
    }

    /** A guard must know when a call began and when it ended. */
    @Benchmark
    public long clockReadTwice() {
        long start = System.nanoTime();
        return System.nanoTime() - start;
    }
}
