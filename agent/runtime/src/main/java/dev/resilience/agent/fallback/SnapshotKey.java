package dev.resilience.agent.fallback;

import org.jspecify.annotations.Nullable;

/**
 * What was asked, and for whom.
 *
 * @param what the method and its target, in the words of the protocol
 * @param content of what else was sent, or null if nothing was
 */
record SnapshotKey(
        String what, Principal principal, @Nullable Fingerprint content) {
    private static final int OBJECTS = 80;

    /** About what it takes of the heap. */
    int bytes() {
        return OBJECTS + what.length() + Fingerprint.BYTES * (content == null ? 1 : 2);
    }
}
