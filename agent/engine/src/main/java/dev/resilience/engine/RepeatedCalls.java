package dev.resilience.engine;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Sees that an application makes a call again by itself: the same request, soon after one that failed.
 *
 * <p>Every {@code nowNanos} is a reading of one monotone clock on any scale, for example {@link System#nanoTime}.
 */
public final class RepeatedCalls {
    /*
     * Only requests that failed are kept, so that a target that is well costs one look at when the last one did. A failure
     * is one word: 40 bits of the request's hash, and when it was in units of 2^20 ns (24 bits, which come round after
     * nearly five hours). It has two places; a third failure there displaces the oldest, and is then not seen again.
     *
     * Each failure stands for one repetition at most: whoever finds it takes it out by one CAS. So never are more
     * repetitions seen than there were failures. A request of the same hash by chance is one in 2^39 for a look that finds
     * both places taken. The same request made by somebody else cannot be told from a repetition; nor does it matter to
     * the target.
     */
    private static final int WAYS = 2;
    private static final long SPREAD = 0x9E3779B97F4A7C15L;
    private static final int STAMP_SHIFT = 20;
    private static final long STAMP = (1L << 24) - 1;

    /** Threads that read the clock before one that came first. */
    private static final long LATE = 64;

    private final AtomicLongArray places;
    private final int buckets;
    private final long windowStamps;
    private final long windowNanos;
    private volatile long watchUntil;

    /** For so many failures, a power of two, each of which is kept for so long, at most an hour. */
    public RepeatedCalls(int failures, long windowNanos, long nowNanos) {
        if (Integer.bitCount(failures) != 1 || failures < WAYS || failures > 1 << 20) {
            throw new IllegalArgumentException("a power of two from 2 to 2^20, not " + failures);
        }
        this.places = new AtomicLongArray(failures);
        this.buckets = failures / WAYS;
        this.windowNanos = Math.min(windowNanos, 3_600_000_000_000L);
        this.windowStamps = (this.windowNanos >> STAMP_SHIFT) + 1;
        this.watchUntil = nowNanos - 1;
    }

    /** Whether a call failed of late: else nothing is a repetition, and no hash needs to be made. */
    public boolean isWatching(long nowNanos) {
        return watchUntil - nowNanos >= 0;
    }

    /** A request failed. Its hash should say all that makes it the same request, its target included. */
    public void failed(long hash, long nowNanos) {
        long mixed = mix(hash);
        long word = word(mixed, nowNanos);
        int first = first(mixed);
        int oldest = first;
        long age = -1;
        for (int place = first; place < first + WAYS; place++) {
            long its = places.get(place) == 0 ? Long.MAX_VALUE : ageStamps(places.get(place), nowNanos);
            if (its > age) {
                age = its;
                oldest = place;
            }
        }
        places.set(oldest, word);
        long slack = windowNanos / 16; // so that not every failure writes
        if (nowNanos + windowNanos - watchUntil > 0) {
            watchUntil = nowNanos + windowNanos + slack;
        }
    }

    /** Whether the same request failed of late, and this is the first time since that it is made again. */
    public boolean isRepeat(long hash, long nowNanos) {
        if (!isWatching(nowNanos)) {
            return false;
        }
        long mixed = mix(hash);
        int first = first(mixed);
        long fingerprint = word(mixed, nowNanos) & ~STAMP;
        while (true) {
            int oldest = -1;
            long failure = 0;
            long age = -1;
            for (int place = first; place < first + WAYS; place++) {
                long seen = places.get(place);
                long its = ageStamps(seen, nowNanos);
                if (seen != 0 && (seen & ~STAMP) == fingerprint && its <= windowStamps + LATE && its > age) {
                    oldest = place;
                    failure = seen;
                    age = its;
                }
            }
            if (oldest < 0) {
                return false;
            }
            if (places.compareAndSet(oldest, failure, 0)) {
                return true;
            }
        }
    }

    private int first(long mixed) {
        return (int) (mixed & (buckets - 1)) * WAYS;
    }

    /** Never 0. */
    private static long word(long mixed, long nowNanos) {
        long fingerprint = mixed & ~STAMP;
        return (fingerprint == 0 ? STAMP + 1 : fingerprint) | ((nowNanos >> STAMP_SHIFT) & STAMP);
    }

    /** Since when, and a little; of a failure that is yet to come for this thread less than that. */
    private static long ageStamps(long word, long nowNanos) {
        return ((nowNanos >> STAMP_SHIFT) - word + LATE) & STAMP;
    }

    /** Hashes are often of 32 bits, and alike: every bit of the result depends on all of them. */
    private static long mix(long hash) {
        long mixed = hash * SPREAD;
        mixed = (mixed ^ (mixed >>> 32)) * SPREAD;
        return mixed ^ (mixed >>> 32);
    }
}
