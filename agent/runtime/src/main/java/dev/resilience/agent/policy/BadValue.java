package dev.resilience.agent.policy;

/** A value a policy cannot have: which key, and what would be right. */
final class BadValue extends IllegalArgumentException {
    private final String key;
    private final String rule;

    /** {@code rule} completes the sentence "must be ...". */
    BadValue(String key, String rule) {
        super(key + " must be " + rule);
        this.key = key;
        this.rule = rule;
    }

    BadValue(String key, String rule, Throwable cause) {
        super(key + " must be " + rule, cause);
        this.key = key;
        this.rule = rule;
    }

    static void require(boolean valid, String key, String rule) {
        if (!valid) {
            throw new BadValue(key, rule);
        }
    }

    String key() {
        return key;
    }

    String rule() {
        return rule;
    }
}
