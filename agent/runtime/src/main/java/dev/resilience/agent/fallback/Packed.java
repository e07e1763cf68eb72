package dev.resilience.agent.fallback;

import java.util.Arrays;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

/** Bytes that are kept, compressed where that saves enough to be worth the time. Immutable. */
final class Packed {
    static final Packed EMPTY = new Packed(new byte[0], 0);

    /** Below, there is little to save. */
    static final int LARGE = 4 << 10;

    private static final int WORTH = 8;

    private final byte[] held;
    private final int length;

    private Packed(byte[] held, int length) {
        this.held = held;
        this.length = length;
    }

    /** Takes the array over. */
    static Packed asIs(byte[] bytes) {
        return new Packed(bytes, bytes.length);
    }

    /** Takes the array over; an eighth of it must be saved. */
    static Packed of(byte[] bytes) {
        if (bytes.length < LARGE) {
            return asIs(bytes);
        }
        byte[] smaller = new byte[bytes.length - bytes.length / WORTH];
        Deflater deflater = new Deflater(Deflater.BEST_SPEED, true);
        try {
            deflater.setInput(bytes);
            deflater.finish();
            int size = deflater.deflate(smaller);
            return deflater.finished() ? new Packed(Arrays.copyOf(smaller, size), bytes.length) : asIs(bytes);
        } finally {
            deflater.end();
        }
    }

    /** What it takes of the heap. */
    int bytesHeld() {
        return held.length;
    }

    int length() {
        return length;
    }

    /** Only to be read: it may be what is kept. */
    byte[] bytes() {
        if (held.length == length) {
            return held;
        }
        byte[] all = new byte[length];
        Inflater inflater = new Inflater(true);
        try {
            inflater.setInput(held);
            int size = inflater.inflate(all);
            if (size != length) {
                throw new IllegalStateException(size + " bytes of " + length);
            }
            return all;
        } catch (DataFormatException e) {
            throw new IllegalStateException(e);
        } finally {
            inflater.end();
        }
    }
}
