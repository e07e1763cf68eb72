package dev.resilience.agent.policy;

import dev.resilience.agent.policy.Setting.Layer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Reads the environment into a draft that already knows the policies of the file and of the properties. */
final class EnvironmentSource {
    /*
     * A variable cannot tell "-", "." and "_" apart, so a name is split where a known key fits its end. If several fit,
     * a policy that another source names wins, and among those the longest name; then the longest key, which leaves the
     * shortest name for a policy that only variables give.
     */
    static final String PREFIX = "RESILIENCE_";
    static final String SOURCE = "environment";
    private static final String POLICIES = "POLICIES_";
    private static final String DEFAULTS = "DEFAULTS_";
    private static final String MATCH = variable(Keys.MATCH);
    /** Those below which a key has any name. */
    private static final List<String> OPEN_GROUPS = List.of(Keys.HEADERS, Keys.SETTINGS);

    private final Draft draft;
    private final List<String> named;
    private final Map<String, String> keys = new HashMap<>();

    private EnvironmentSource(Draft draft) {
        this.draft = draft;
        this.named = List.copyOf(draft.policies.keySet());
        Keys.POLICY.forEach(key -> keys.put(variable(key), key));
        Keys.unsupported().forEach(key -> keys.put(variable(key), key));
    }

    static void read(Map<String, String> environment, Draft draft) {
        EnvironmentSource source = new EnvironmentSource(draft);
        List<String> unknown = new ArrayList<>();
        new TreeMap<>(environment).forEach((name, value) -> {
            if (name.startsWith(PREFIX) && !value.isEmpty() && !source.read(name, value)) {
                unknown.add(name);
            }
        });
        unknown.forEach(source::unknown);
    }

    static String variable(String key) {
        return key.toUpperCase(Locale.ROOT).replace('-', '_').replace('.', '_');
    }

    private boolean read(String name, String value) {
        String rest = name.substring(PREFIX.length());
        for (String key : Keys.ROOT) {
            if (rest.equals(variable(key)) && !key.equals(Keys.FILE_FORMAT)) {
                draft.root.put(Setting.of(key, value.trim(), Layer.ENVIRONMENT, SOURCE, name));
                return true;
            }
        }
        if (rest.startsWith(DEFAULTS)) {
            String key = key(rest.substring(DEFAULTS.length()));
            if (key != null) {
                put(draft.defaults, key, name, value);
                return true;
            }
        } else if (rest.startsWith(POLICIES)) {
            Place place = place(rest.substring(POLICIES.length()));
            if (place != null) {
                put(draft.policy(place.policy, SOURCE, name), place.key, name, value);
                return true;
            }
        }
        return false;
    }

    private void put(Section section, String key, String name, String value) {
        if (Keys.isUnsupported(key)) {
            draft.fail(section, SOURCE, name, "is not supported by this version");
        } else {
            boolean verbatim = key.startsWith(Keys.STATIC);
            section.put(Setting.of(key, verbatim ? value : value.trim(), Layer.ENVIRONMENT, SOURCE, name));
        }
    }

    private @Nullable String key(String variable) {
        for (String group : OPEN_GROUPS) {
            if (variable.startsWith(variable(group)) && variable.length() > group.length()) {
                return group
                        + variable.substring(group.length())
                                .toLowerCase(Locale.ROOT)
                                .replace('_', '-');
            }
        }
        return keys.get(variable);
    }

    private @Nullable Place place(String variable) {
        Place found = null;
        for (String policy : named) {
            String start = variable(policy) + "_";
            if (variable.startsWith(start) && (found == null || policy.length() > found.policy.length())) {
                String key = key(variable.substring(start.length()));
                found = key == null ? found : new Place(policy, key);
            }
        }
        for (int at = variable.indexOf('_', 1); found == null && at > 0; at = variable.indexOf('_', at + 1)) {
            String key = key(variable.substring(at + 1));
            if (key != null) {
                String policy =
                        variable.substring(0, at).toLowerCase(Locale.ROOT).replace('_', '-');
                found = new Place(policy, key);
            }
        }
        return found;
    }

    private void unknown(String name) {
        String rest = name.substring(PREFIX.length());
        List<String> known = new ArrayList<>();
        for (String key : Keys.ROOT) {
            known.add(PREFIX + variable(key));
        }
        Section misled = null;
        for (Map.Entry<String, Section> policy : draft.policies.entrySet()) {
            String start = POLICIES + variable(policy.getKey()) + "_";
            keys.keySet().forEach(key -> known.add(PREFIX + start + key));
            if (rest.startsWith(start + MATCH)) {
                misled = policy.getValue();
            }
        }
        int first = rest.startsWith(POLICIES) ? rest.indexOf('_', POLICIES.length()) : -1;
        for (String key : keys.keySet()) {
            known.add(PREFIX + DEFAULTS + key);
            if (first > 0) {
                known.add(PREFIX + rest.substring(0, first + 1) + key);
            }
        }
        known.sort(null);
        String here = "RESILIENCE_MODE and the like, RESILIENCE_DEFAULTS_*, RESILIENCE_POLICIES_NAME_*";
        String message = FileSource.unknown(name, known, here);
        if (misled == null) {
            draft.warn(new Problem(Severity.WARNING, SOURCE, name, null, message));
        } else {
            draft.fail(misled, SOURCE, name, message);
        }
    }

    /** A key of a policy. */
    private record Place(String policy, String key) {}
}
