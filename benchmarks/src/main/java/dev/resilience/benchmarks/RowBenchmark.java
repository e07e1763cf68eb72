package dev.resilience.benchmarks;

import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** Runs one row. A forked JVM knows no other, so the call to it is inlined like a direct one. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class RowBenchmark {
    @Param({})
    public @Nullable String row;

    private Row.Operation operation = () -> "nothing was prepared";

    @Setup
    public void prepare() throws Exception {
        if (row != null) {
            operation = Group.row(row).preparation().prepare();
        }
    }

    @Benchmark
    public Object run() throws Exception {
        return operation.run();
    }
}
