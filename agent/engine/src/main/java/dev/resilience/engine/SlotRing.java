package dev.resilience.engine;

import java.util.Arrays;

/** What had been counted when each slot of a window began; for one thread, the pulse. */
final class SlotRing {
    /*
     * What was counted since the previous pulse is dated by this one. A pulse that comes late therefore dates it later
     * than it was, never earlier: an outcome stays for at least the window less a slot, and leaves at most the lateness
     * too late. It is in one slot only, whatever the pulse skipped.
     */
    private final long slotNanos;
    private final Counts[] begun;
    private Counts atLastPulse = Counts.NONE;
    private long lastPulse;
    private long intoSlot;
    private int slot;

    SlotRing(long windowNanos, int slots, long nowNanos) {
        this.slotNanos = windowNanos / slots;
        this.begun = new Counts[slots];
        Arrays.fill(begun, Counts.NONE);
        this.lastPulse = nowNanos;
    }

    /** Begins the slots that are due, of which it says how many, at most all there are. */
    int moveOn(long nowNanos, Counts counted) {
        // a clock that stepped back has lost us the time since; the next pulse goes on from there
        intoSlot += Math.max(0, nowNanos - lastPulse);
        lastPulse = nowNanos;
        int passed = (int) Math.min(intoSlot / slotNanos, begun.length);
        intoSlot %= slotNanos;
        for (int i = passed; i > 0; i--) {
            slot = (slot + 1) % begun.length;
            begun[slot] = atLastPulse;
        }
        atLastPulse = counted;
        return passed;
    }

    /** What had been counted when the window began. */
    Counts oldest() {
        return begun[(slot + 1) % begun.length];
    }

    long lastPulse() {
        return lastPulse;
    }

    Counts atLastPulse() {
        return atLastPulse;
    }
}
