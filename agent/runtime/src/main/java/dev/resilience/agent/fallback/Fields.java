package dev.resilience.agent.fallback;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The header fields of a message, found by any case of their names. Immutable. */
public final class Fields {
    public static final Fields NONE = new Fields(new TreeMap<>(String.CASE_INSENSITIVE_ORDER));

    private static final String OTHER_TOKEN_CHARACTERS = "!#$%&'*+-.^_`|~";

    private final SortedMap<String, List<String>> lines;

    private Fields(SortedMap<String, List<String>> lines) {
        this.lines = lines;
    }

    /** Names that differ by case alone are one field, its lines in the order of the map. */
    public static Fields of(Map<String, List<String>> headers) {
        TreeMap<String, List<String>> lines = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        headers.forEach((@Nullable String name, List<String> values) -> {
            if (name == null) { // where HttpURLConnection has the status line
                return;
            }
            List<String> known = lines.get(name);
            if (known == null) {
                lines.put(name, values);
            } else {
                List<String> all = new ArrayList<>(known);
                all.addAll(values);
                lines.put(name, all);
            }
        });
        return new Fields(lines);
    }

    boolean has(String name) {
        return lines.containsKey(name);
    }

    /** The lines of the field, in the order they came; empty if it is not there. */
    List<String> all(String name) {
        return lines.getOrDefault(name, List.of());
    }

    @Nullable
    String first(String name) {
        List<String> values = all(name);
        return values.isEmpty() ? null : values.get(0);
    }

    /** Sorted by name, whatever its case. */
    Map<String, List<String>> map() {
        return Collections.unmodifiableSortedMap(lines);
    }

    static boolean isName(String name) {
        return !name.isEmpty()
                && name.chars()
                        .allMatch(c -> (c >= 'a' && c <= 'z')
                                || (c >= 'A' && c <= 'Z')
                                || (c >= '0' && c <= '9')
                                || OTHER_TOKEN_CHARACTERS.indexOf(c) >= 0);
    }
}
