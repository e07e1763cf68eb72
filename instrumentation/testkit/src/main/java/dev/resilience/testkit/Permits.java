package dev.resilience.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.resilience.instrumentation.api.Call;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The permits that a scripted guard gave and has not got back, and who took them. */
public final class Permits {
    private final Map<Call, Holder> out = new ConcurrentHashMap<>();

    public void taken(Call call) {
        out.put(call, new Holder(Thread.currentThread(), System.nanoTime(), new Throwable()));
    }

    public void back(Call call) {
        out.remove(call);
    }

    /** The calls whose permits are out, as it changes. */
    public Set<Call> out() {
        return out.keySet();
    }

    /** Fails unless all are back, with a line on each that is not; it is told of once. */
    public void assertAllBack() {
        List<String> held = out.entrySet().stream()
                .map(entry -> entry.getKey().getClass().getSimpleName() + " of " + entry.getValue())
                .toList();
        out.clear();
        assertThat(held.size()).as("in flight: %s", held).isZero();
    }

    private record Holder(Thread thread, long sinceNanos, Throwable begun) {
        @Override
        public String toString() {
            return "'" + thread.getName() + "' for "
                    + TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - sinceNanos) + " ms, begun in "
                    + line(begun.getStackTrace()) + ", now in " + line(thread.getStackTrace());
        }

        private static String line(StackTraceElement[] frames) {
            return Stream.of(frames)
                    .filter(frame -> !frame.getClassName().matches("(java|jdk|sun|org\\.junit|org\\.assertj)\\..*"))
                    .map(frame -> frame.getClassName().replaceFirst(".*\\.", "") + "." + frame.getMethodName() + ":"
                            + frame.getLineNumber())
                    .collect(Collectors.joining(" < "));
        }
    }
}
