package dev.resilience.engine;

/** Bounds of configuration values. */
final class Rules {
    static void require(boolean valid, String key, String rule, Object actual) {
        if (!valid) {
            throw new ConfigException(key, rule, actual);
        }
    }

    private Rules() {}
}
