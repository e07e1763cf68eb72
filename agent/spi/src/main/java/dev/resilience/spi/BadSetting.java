package dev.resilience.spi;

/** A setting that a strategy does not understand. */
public final class BadSetting extends IllegalArgumentException {
    private final String key;
    private final String rule;

    /**
     * Says which setting, and what would be right.
     *
     * @param rule completes "must be", for example {@code "1 to 100"}
     */
    public BadSetting(String key, String rule) {
        super(key + " must be " + rule);
        this.key = key;
        this.rule = rule;
    }

    public String key() {
        return key;
    }

    public String rule() {
        return rule;
    }
}
