package dev.resilience.agent.policy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** Configurations written in tests. */
final class Configurations {
    static Loaded properties(String... pairs) {
        return PolicyLoader.load(map(pairs), Map.of(), null);
    }

    static Loaded variables(String... pairs) {
        return PolicyLoader.load(Map.of(), map(pairs), null);
    }

    static Path file(Path directory, String yaml) {
        try {
            return Files.writeString(directory.resolve("resilience.yaml"), "file-format: \"1.0\"\n" + yaml);
        } catch (IOException unwritable) {
            throw new UncheckedIOException(unwritable);
        }
    }

    static Loaded yaml(Path directory, String yaml) {
        return PolicyLoader.load(Map.of(), Map.of(), file(directory, yaml));
    }

    /** The only policy of a configuration without problems. */
    static Policy only(Loaded loaded) {
        if (!loaded.problems().isEmpty() || loaded.policies().policies().size() != 1) {
            throw new AssertionError(loaded);
        }
        return loaded.policies().policies().get(0);
    }

    /** The policy {@code p} with these keys, given as properties. */
    static Policy policy(String... pairs) {
        Map<String, String> properties = new HashMap<>();
        map(pairs).forEach((key, value) -> properties.put("resilience.policies.p." + key, value));
        return only(PolicyLoader.load(properties, Map.of(), null));
    }

    static Map<String, String> map(String... pairs) {
        Map<String, String> map = new HashMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            map.put(pairs[i], pairs[i + 1]);
        }
        return map;
    }

    private Configurations() {}
}
