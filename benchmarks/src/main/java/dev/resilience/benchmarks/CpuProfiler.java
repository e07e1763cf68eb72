package dev.resilience.benchmarks;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.stream.Stream;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.profile.InternalProfiler;
import org.openjdk.jmh.results.AggregationPolicy;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.ScalarResult;

/**
 * The processor time of the whole process for each operation, which a busy neighbour does not lengthen as it does the
 * time on the wall; and how many processors everybody else used meanwhile.
 */
public final class CpuProfiler implements InternalProfiler {
    static final String CPU = "cpu";
    static final String OTHERS = "others";

    /** What the kernel counts in; it is 100 a second on every Linux of today. */
    private static final long TICK_NANOS = 10_000_000;

    private static final Path STAT = Path.of("/proc/stat");

    private final OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    private long wall;
    private long own;
    private long all;

    @Override
    public String getDescription() {
        return "processor time for each operation";
    }

    @Override
    public void beforeIteration(BenchmarkParams benchmark, IterationParams iteration) {
        all = everybody();
        own = system.getProcessCpuTime();
        wall = System.nanoTime();
    }

    @Override
    public Collection<? extends Result<?>> afterIteration(
            BenchmarkParams benchmark, IterationParams iteration, IterationResult result) {
        double passed = System.nanoTime() - wall;
        double used = system.getProcessCpuTime() - own;
        double usedByAll = everybody() - all;
        long operations = Math.max(1, result.getMetadata().getAllOps());
        double others = Math.max(0, usedByAll - used) / passed;
        return List.of(
                new ScalarResult(CPU, used / operations, "ns/op", AggregationPolicy.AVG),
                new ScalarResult(OTHERS, others, "cores", AggregationPolicy.AVG));
    }

    /** Busy time of all processors; stolen time is somebody else's too. 0 where there is no such file. */
    private static long everybody() {
        if (!Files.isReadable(STAT)) {
            return 0;
        }
        try (Stream<String> lines = Files.lines(STAT)) {
            // cpu user nice system idle iowait irq softirq steal
            String[] ticks = lines.findFirst().orElseThrow().trim().split("\\s+", -1);
            long busy = 0;
            for (int field : new int[] {1, 2, 3, 6, 7, 8}) {
                busy += Long.parseLong(ticks[field]);
            }
            return busy * TICK_NANOS;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
