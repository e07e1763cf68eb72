package dev.resilience.agent.policy;

import dev.resilience.agent.strategy.BadJar;
import dev.resilience.agent.strategy.Strategies;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Makes policies of what properties, environment and file say. Never throws, never guesses. */
public final class PolicyLoader {
    /** Reads the file that {@code resilience.config} names, if any. */
    public static Loaded load(Strategies strategies, Map<String, String> properties, Map<String, String> environment) {
        if (properties.isEmpty() && environment.isEmpty()) {
            // the usual start: nothing to read, so nothing of the reader is loaded
            return new Loaded(PolicySet.DEFAULTS, List.of(), true, true);
        }
        String named = properties.get(PropertySource.PREFIX + Keys.CONFIG);
        String source = named == null ? EnvironmentSource.SOURCE : PropertySource.SOURCE;
        if (named == null) {
            named = environment.get(EnvironmentSource.PREFIX + EnvironmentSource.variable(Keys.CONFIG));
        }
        if (named == null || named.isBlank()) {
            return load(strategies, properties, environment, null);
        }
        try {
            return load(strategies, properties, environment, Path.of(named.trim()));
        } catch (InvalidPathException impossible) {
            Draft draft = new Draft();
            draft.fail(source, Keys.CONFIG, "must be the path of a file");
            return load(strategies, properties, environment, null, draft);
        }
    }

    /** The same for a look: whoever does not run it has nobody to report the faults of strategies to. */
    public static Loaded load(Map<String, String> properties, Map<String, String> environment) {
        return load(reading(), properties, environment);
    }

    /** Reads this file, for a look. */
    public static Loaded load(Map<String, String> properties, Map<String, String> environment, @Nullable Path file) {
        return load(reading(), properties, environment, file);
    }

    private static Strategies reading() {
        return new Strategies((site, fault) -> {
            throw new IllegalStateException(site, fault);
        });
    }

    /**
     * Reads this file, whatever {@code resilience.config} says.
     *
     * @param file null for none
     */
    public static Loaded load(
            Strategies strategies,
            Map<String, String> properties,
            Map<String, String> environment,
            @Nullable Path file) {
        return load(strategies, properties, environment, file, new Draft());
    }

    private static Loaded load(
            Strategies strategies,
            Map<String, String> properties,
            Map<String, String> environment,
            @Nullable Path file,
            Draft draft) {
        try {
            if (file != null) {
                FileSource.read(file, draft);
            }
            List<String> written = List.copyOf(draft.policies.keySet());
            PropertySource.read(properties, draft);
            EnvironmentSource.read(environment, draft);
            order(written, draft.policies);
            return verify(draft, strategies);
        } catch (RuntimeException | StackOverflowError ours) {
            draft.fail("the agent", Keys.CONFIG, "could not be read, because of a fault of the agent: " + ours);
            return new Loaded(PolicySet.DEFAULTS, draft.problems, false, true);
        }
    }

    /** Policies of the file as written, the others after them by name. */
    private static void order(List<String> written, Map<String, Section> policies) {
        Map<String, Section> others = new TreeMap<>(policies);
        Map<String, Section> ordered = new LinkedHashMap<>();
        for (String name : written) {
            Section section = others.remove(name);
            if (section != null) {
                ordered.put(name, section);
            }
        }
        ordered.putAll(others);
        policies.clear();
        policies.putAll(ordered);
    }

    private static Loaded verify(Draft draft, Strategies strategies) {
        boolean enabled = root(draft, Keys.ENABLED, Values::flag, true, true);
        Duration drain = root(draft, Keys.DRAIN, PolicyLoader::drain, PolicySet.DEFAULT_DRAIN, true);
        Mode mode = root(draft, Keys.MODE, setting -> Values.word(setting, Mode.class), Policy.DEFAULT_MODE, false);
        TargetBounds bounds = bounds(draft);
        loadStrategies(draft, strategies);
        List<Policy> policies = PolicyReader.read(draft, mode, strategies);
        if (!draft.enforceable) {
            policies = policies.stream().map(Policy::observing).toList();
            mode = Mode.OBSERVE;
        }
        boolean usable = draft.problems.stream().noneMatch(problem -> problem.severity() == Severity.ERROR);
        PolicySet set = new PolicySet(policies.subList(1, policies.size()), policies.get(0), mode, drain, bounds);
        return new Loaded(set, draft.problems, usable, enabled);
    }

    /** A jar that is refused costs the policies that want a strategy of it, and no other. */
    private static void loadStrategies(Draft draft, Strategies strategies) {
        Setting named = draft.root.get(Keys.STRATEGIES);
        if (named == null) {
            return;
        }
        for (String entry : named.entries()) {
            try {
                Path jar = named.directory() == null
                        ? Path.of(entry)
                        : named.directory().resolve(entry);
                List<String> taken = new ArrayList<>(draft.strategies.keySet());
                taken.addAll(BreakerReader.OWN_STRATEGIES);
                draft.strategies.putAll(strategies.of(jar, taken));
            } catch (InvalidPathException | BadJar unusable) {
                draft.problems.add(named.problem(
                        Severity.ERROR,
                        "must be a list of jars with strategies; " + entry + " " + unusable.getMessage()
                                + "; policies that name a strategy of it only observe"));
            }
        }
    }

    private static TargetBounds bounds(Draft draft) {
        return new TargetBounds(
                root(draft, Keys.MAX_TARGETS, PolicyLoader::count, TargetBounds.DEFAULT_TARGETS, true),
                root(draft, Keys.MAX_ROUTES, PolicyLoader::count, TargetBounds.DEFAULT_ROUTES, true),
                root(draft, Keys.TARGET_IDLE_FOR, PolicyLoader::idleFor, TargetBounds.DEFAULT_IDLE_FOR, true));
    }

    private static int count(Setting setting) {
        return TargetBounds.requireCount(setting.key(), Values.number(setting));
    }

    private static Duration idleFor(Setting setting) {
        return TargetBounds.requireIdleFor(Values.duration(setting));
    }

    private static Duration drain(Setting setting) {
        Duration drain = Values.duration(setting);
        PolicySet.requireDrain(drain);
        return drain;
    }

    private static <T> T root(Draft draft, String key, Function<Setting, T> reader, T otherwise, boolean concernsAll) {
        Setting setting = draft.root.get(key);
        if (setting == null) {
            return otherwise;
        }
        try {
            return reader.apply(setting);
        } catch (BadValue unreadable) {
            draft.problems.add(setting.problem(
                    Severity.ERROR,
                    "must be " + unreadable.rule()
                            + (concernsAll
                                    ? "; every policy only observes"
                                    : "; policies without a mode of their own only observe")));
            draft.enforceable &= !concernsAll;
            return otherwise;
        }
    }

    private PolicyLoader() {}
}
