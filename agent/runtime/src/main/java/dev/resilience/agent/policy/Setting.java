package dev.resilience.agent.policy;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A key that was given, with where it was given.
 *
 * @param key below the root or below its policy
 * @param value the text, or null when it is a list
 * @param list the texts, or null when it is one
 * @param directory what a path in it is relative to; null for the working directory
 */
record Setting(
        String key,
        @Nullable String value,
        @Nullable List<String> list,
        Layer layer,
        String source,
        String written,
        @Nullable Path directory) {

    /** The sources, weakest first. */
    enum Layer {
        FILE,
        ENVIRONMENT,
        PROPERTY
    }

    static Setting of(String key, String value, Layer layer, String source, String written) {
        return new Setting(key, value, null, layer, source, written, null);
    }

    String text() {
        if (value == null) {
            throw new BadValue(key, "one value, not a list");
        }
        return value;
    }

    /** The entries of a list, or what a text holds between its commas. */
    List<String> entries() {
        if (list != null) {
            return list;
        }
        String text = text().trim();
        return text.isEmpty()
                ? List.of()
                : Arrays.stream(text.split(",", -1)).map(String::trim).toList();
    }

    Problem problem(Severity severity, String message) {
        return new Problem(
                severity, source, written, value != null ? value : list == null ? null : list.toString(), message);
    }
}
