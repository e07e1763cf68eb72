package dev.resilience.agent.fallback;

/**
 * A good answer that is kept.
 *
 * @param head what its protocol needs to give it again; what it takes of the heap is {@code headBytes}
 * @param at when it came
 * @param ageMillis how old it was by then
 */
record Snapshot(Object head, int headBytes, Packed body, Moment at, long ageMillis) {
    private static final int OBJECTS = 128;

    long ageMillis(Moment now) {
        return ageMillis + now.millisSince(at);
    }

    /** About what it takes of the heap. */
    int bytes() {
        return OBJECTS + headBytes + body.bytesHeld();
    }
}
