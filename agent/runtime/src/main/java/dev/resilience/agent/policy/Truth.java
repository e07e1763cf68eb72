package dev.resilience.agent.policy;

/** What is known of a condition: it holds, it does not, or nobody can tell. Kleene's three values. */
enum Truth {
    TRUE,
    FALSE,
    UNKNOWN;

    static Truth of(boolean holds) {
        return holds ? TRUE : FALSE;
    }

    /** Who cannot tell whether it holds cannot tell whether it does not. */
    Truth not() {
        return this == UNKNOWN ? UNKNOWN : of(this == FALSE);
    }
}
