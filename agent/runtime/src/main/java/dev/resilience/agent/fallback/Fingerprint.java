package dev.resilience.agent.fallback;

/** 256 bits that stand for something that is not kept in clear, within this process alone. */
record Fingerprint(long a, long b, long c, long d) {
    /** What one takes of the heap. */
    static final int BYTES = 48;
}
