package dev.resilience.engine;

/** A value out of its bounds: which key, what would be right, what it was. */
public final class ConfigException extends IllegalArgumentException {
    private final String key;
    private final String rule;

    ConfigException(String key, String rule, Object actual) {
        super(key + " must be " + rule + ", was " + actual);
        this.key = key;
        this.rule = rule;
    }

    /** The key within its section, in the words of the configuration. */
    public String key() {
        return key;
    }

    /** What would be right. */
    public String rule() {
        return rule;
    }
}
