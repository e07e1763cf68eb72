package dev.resilience.agent.policy;

import dev.resilience.agent.policy.Setting.Layer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Reads the system properties into a draft. */
final class PropertySource {
    static final String PREFIX = "resilience.";
    static final String SOURCE = "system property";

    static void read(Map<String, String> properties, Draft draft) {
        new TreeMap<>(properties).forEach((name, value) -> {
            if (name.startsWith(PREFIX)) {
                read(name, value, draft);
            }
        });
    }

    private static void read(String name, String value, Draft draft) {
        String key = name.substring(PREFIX.length());
        if (Keys.ROOT.contains(key) && !key.equals(Keys.FILE_FORMAT)) {
            draft.root.put(Setting.of(key, value.trim(), Layer.PROPERTY, SOURCE, name));
        } else if (key.startsWith(Keys.DEFAULTS + ".")) {
            read(draft.defaults, key.substring(Keys.DEFAULTS.length() + 1), name, value, draft);
        } else if (key.startsWith(Keys.POLICIES + ".") && key.indexOf('.', Keys.POLICIES.length() + 1) > 0) {
            int dot = key.indexOf('.', Keys.POLICIES.length() + 1);
            String policy = key.substring(Keys.POLICIES.length() + 1, dot);
            readPolicy(policy, key.substring(dot + 1), name, value, draft);
        } else {
            List<String> known = new ArrayList<>(Keys.ROOT);
            known.remove(Keys.FILE_FORMAT);
            String here = String.join(", ", known) + ", defaults.*, policies.NAME.*";
            draft.warn(new Problem(Severity.WARNING, SOURCE, name, null, FileSource.unknown(key, known, here)));
        }
    }

    private static void readPolicy(String policy, String key, String name, String value, Draft draft) {
        if (Keys.isKnown(key) || Keys.isUnsupported(key) || Keys.isGroup(key) || key.startsWith(Keys.MATCH)) {
            read(draft.policy(policy, SOURCE, name), key, name, value, draft);
        } else {
            draft.warn(new Problem(Severity.WARNING, SOURCE, name, null, FileSource.unknown(key)));
        }
    }

    private static void read(Section section, String key, String name, String value, Draft draft) {
        if (Keys.isUnsupported(key)) {
            draft.fail(section, SOURCE, name, "is not supported by this version");
        } else if (Keys.isKnown(key)) {
            boolean verbatim = key.startsWith(Keys.STATIC);
            section.put(Setting.of(Keys.canonical(key), verbatim ? value : value.trim(), Layer.PROPERTY, SOURCE, name));
        } else if (Keys.isGroup(key)) {
            draft.fail(section, SOURCE, name, "must be followed by any of: " + Keys.below(key));
        } else if (key.startsWith(Keys.MATCH)) {
            draft.fail(section, SOURCE, name, FileSource.unknown(key));
        } else {
            draft.warn(new Problem(Severity.WARNING, SOURCE, name, null, FileSource.unknown(key)));
        }
    }

    private PropertySource() {}
}
