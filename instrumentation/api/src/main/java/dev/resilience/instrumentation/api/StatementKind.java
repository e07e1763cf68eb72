package dev.resilience.instrumentation.api;

/** What a statement of SQL does, as far as its text tells for sure. */
public enum StatementKind {
    /** A query: it changes nothing, locks nothing, and calls no function but such as are known to do neither. */
    READ,
    /** Whatever it does, the connection means the same by every statement after it. */
    PLAIN,
    /** It may change what later statements on its connection mean (SET, USE, CREATE), or nobody can say what it does. */
    OTHER
}
