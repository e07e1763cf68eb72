package dev.resilience.agent.policy;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The settings of the root, of {@code defaults} or of one policy; of each key the strongest. */
final class Section {
    private final Map<String, Setting> settings = new LinkedHashMap<>();
    private boolean broken;

    void put(Setting setting) {
        Setting present = settings.get(setting.key());
        if (present == null || setting.layer().compareTo(present.layer()) > 0) {
            settings.put(setting.key(), setting);
        }
    }

    @Nullable
    Setting get(String key) {
        return settings.get(key);
    }

    Collection<Setting> all() {
        return settings.values();
    }

    boolean has(String prefix) {
        return settings.keySet().stream().anyMatch(key -> key.startsWith(prefix));
    }

    /** Something in it could not be understood: what it says is not all that was meant. */
    void breakDown() {
        broken = true;
    }

    boolean isBroken() {
        return broken;
    }
}
