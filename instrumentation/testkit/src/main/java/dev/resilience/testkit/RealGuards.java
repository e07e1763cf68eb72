package dev.resilience.testkit;

import dev.resilience.agent.guard.FaultLog;
import dev.resilience.agent.guard.GuardRegistry;
import dev.resilience.agent.guard.SnapshotUse;
import dev.resilience.agent.policy.Loaded;
import dev.resilience.agent.policy.PolicyLoader;
import dev.resilience.agent.policy.PolicySet;
import dev.resilience.agent.signal.Signal;
import dev.resilience.agent.signal.Sink;
import dev.resilience.agent.signal.Subject;
import dev.resilience.agent.signal.Trace;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** The guards of the agent itself, under policies written as properties, and what they tell. */
public final class RealGuards {
    private final List<Signal> signals = new CopyOnWriteArrayList<>();
    private final List<String> faults = new CopyOnWriteArrayList<>();
    private final GuardRegistry registry;
    private volatile boolean recording = true;
    private volatile Runnable meanwhile = () -> {};

    /** @param properties as {@code "mode=enforce"}, without their prefix */
    public RealGuards(String... properties) {
        registry = new GuardRegistry(policies(properties), new Recording(), new FaultLog(faults::add), line -> {});
    }

    private static PolicySet policies(String... properties) {
        Map<String, String> given = new HashMap<>();
        for (String property : properties) {
            int equals = property.indexOf('=');
            given.put("resilience." + property.substring(0, equals), property.substring(equals + 1));
        }
        Loaded loaded = PolicyLoader.load(given, Map.of());
        if (!loaded.problems().isEmpty()) {
            throw new IllegalArgumentException(loaded.problems().toString());
        }
        return loaded.policies();
    }

    public GuardRegistry registry() {
        return registry;
    }

    public void reload(String... properties) {
        registry.reload(policies(properties));
    }

    /** From now on no call is recorded, so that none costs what that does. */
    public void stopRecording() {
        recording = false;
    }

    /** The agent's own faults. */
    public List<String> faults() {
        return faults;
    }

    /** The fallbacks that were tried, as {@code "snapshot"} or {@code "snapshot failed: why"}. */
    public List<String> fallbacks() {
        return executed().stream()
                .map(fallback -> fallback.type() + (fallback.failure() == null ? "" : " failed: " + fallback.failure()))
                .toList();
    }

    public List<Signal.FallbackExecuted> executed() {
        return signals.stream()
                .filter(Signal.FallbackExecuted.class::isInstance)
                .map(Signal.FallbackExecuted.class::cast)
                .toList();
    }

    /** What was said of calls that failed, where they may be made again. */
    public List<Signal.Retry> retried() {
        return signals.stream()
                .filter(Signal.Retry.class::isInstance)
                .map(Signal.Retry.class::cast)
                .toList();
    }

    /** What happens between the next call that fails and its next attempt, on the thread of the one that failed. */
    public void meanwhile(Runnable once) {
        meanwhile = once;
    }

    /** Of all policies and protocols together. */
    public long kept() {
        return registry.snapshots().stream()
                .mapToLong(use -> use.counts().kept())
                .sum();
    }

    public long served() {
        return registry.snapshots().stream()
                .mapToLong(use -> use.counts().served())
                .sum();
    }

    public long refused() {
        return registry.snapshots().stream()
                .mapToLong(use -> use.counts().refused())
                .sum();
    }

    public List<SnapshotUse> snapshots() {
        return registry.snapshots();
    }

    private final class Recording implements Sink, Trace {
        @Override
        public @Nullable Trace open(Subject subject) {
            return recording ? this : null;
        }

        @Override
        public void accept(Signal signal) {
            if (recording) {
                signals.add(signal);
            }
            if (signal instanceof Signal.Retry) {
                Runnable once = meanwhile;
                meanwhile = () -> {};
                once.run();
            }
        }

        @Override
        public void close(@Nullable Throwable thrown) {}
    }
}
