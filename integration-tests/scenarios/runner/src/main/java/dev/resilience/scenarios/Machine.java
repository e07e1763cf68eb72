package dev.resilience.scenarios;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** The processors of this machine, as Linux counts their time. */
public final class Machine {
    private static final double HUNDREDTHS = 100;

    private Machine() {}

    /**
     * Seconds of processor time since some beginning.
     *
     * @param total of all processors, idle or not
     * @param busy of all processors, for whomever
     * @param stolen by the hypervisor
     * @param ours of the given processes
     */
    public record Usage(double total, double busy, double stolen, double ours) {
        /** Processors that others used between an earlier time and this one. */
        public double othersSince(Usage before, double seconds) {
            return Math.max(0, busy - before.busy - (ours - before.ours)) / seconds;
        }

        public double stolenSince(Usage before) {
            return total == before.total ? 0 : (stolen - before.stolen) / (total - before.total);
        }
    }

    public static Usage usage(List<Long> pids) throws IOException {
        // user nice system idle iowait irq softirq steal; guests are in user already
        double[] times = Arrays.stream(
                        Files.readAllLines(Path.of("/proc/stat")).get(0).trim().split("\\s+"))
                .skip(1)
                .limit(8)
                .mapToDouble(Double::parseDouble)
                .toArray();
        double total = Arrays.stream(times).sum();
        double ours = 0;
        for (long pid : pids) {
            ours += of(pid);
        }
        return new Usage(
                total / HUNDREDTHS,
                (total - times[3] - times[4] - times[7]) / HUNDREDTHS,
                times[7] / HUNDREDTHS,
                ours / HUNDREDTHS);
    }

    /** What one process used, its end not included. */
    static double seconds(long pid) throws IOException {
        return of(pid) / HUNDREDTHS;
    }

    private static double of(long pid) throws IOException {
        String stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        return Double.parseDouble(fields[11]) + Double.parseDouble(fields[12]);
    }

    public static String description() throws IOException {
        String processor = Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
                .filter(line -> line.startsWith("model name"))
                .map(line -> line.substring(line.indexOf(':') + 1).trim())
                .findFirst()
                .orElse(System.getProperty("os.arch"));
        return Runtime.getRuntime().availableProcessors() + " x " + processor + ", Linux "
                + System.getProperty("os.version");
    }
}
