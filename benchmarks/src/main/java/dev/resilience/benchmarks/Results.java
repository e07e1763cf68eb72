package dev.resilience.benchmarks;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** What JMH wrote, by row. */
record Results(String jdk, Map<String, Measured> rows) {
    private static final int ITS_SIZE = 64 * 1024 * 1024;

    /** The iterations of one row: nanoseconds on the wall, of the processor, bytes, and what others used. */
    record Measured(Sample wall, Sample cpu, Sample bytes, Sample others) {

        /** On the wall, where others used at most this share of a processor. */
        Sample quiet(double most) {
            List<Double> kept = new ArrayList<>();
            for (int i = 0; i < wall.values().size(); i++) {
                if (others.values().get(i) <= most) {
                    kept.add(wall.values().get(i));
                }
            }
            return new Sample(kept);
        }
    }

    /** Those of all that exist. JSON is YAML, which we can read. */
    static Results read(List<Path> files) throws IOException {
        Map<String, Measured> rows = new LinkedHashMap<>();
        String jdk = "";
        for (Path file : files.stream().filter(Files::exists).toList()) {
            LoadSettings settings =
                    LoadSettings.builder().setCodePointLimit(ITS_SIZE).build();
            Object all = new Load(settings).loadFromString(Files.readString(file, StandardCharsets.UTF_8));
            for (Object each : list(all)) {
                Map<?, ?> result = map(each);
                jdk = text(result, "jdkVersion") + " (" + text(result, "vmName") + ")";
                rows.put(name(result), measured(result));
            }
        }
        return new Results(jdk, rows);
    }

    @Nullable
    Measured row(String label) {
        return rows.get(label);
    }

    /** The row, or for a benchmark without rows its method. */
    private static String name(Map<?, ?> result) {
        if (result.get("params") instanceof Map<?, ?> params) {
            return text(params, "row");
        }
        String method = text(result, "benchmark");
        return method.substring(method.lastIndexOf('.') + 1);
    }

    private static Measured measured(Map<?, ?> result) {
        Map<?, ?> secondary = map(result.get("secondaryMetrics"));
        return new Measured(
                sample(result.get("primaryMetric")),
                sample(secondary.get(CpuProfiler.CPU)),
                sample(secondary.get("gc.alloc.rate.norm")),
                sample(secondary.get(CpuProfiler.OTHERS)));
    }

    private static Sample sample(@Nullable Object metric) {
        List<Double> values = new ArrayList<>();
        for (Object fork : list(map(metric).get("rawData"))) {
            for (Object value : list(fork)) {
                values.add(((Number) value).doubleValue());
            }
        }
        return new Sample(values);
    }

    private static String text(Map<?, ?> from, String key) {
        return String.valueOf(from.get(key));
    }

    private static Map<?, ?> map(@Nullable Object value) {
        if (value instanceof Map<?, ?> map) {
            return map;
        }
        throw new IllegalArgumentException("no object: " + value);
    }

    private static List<?> list(@Nullable Object value) {
        if (value instanceof List<?> list) {
            return list;
        }
        throw new IllegalArgumentException("no array: " + value);
    }
}
