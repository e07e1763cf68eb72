package dev.resilience.agent.fallback;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.RemovalCause;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The answers kept for one policy, within so many bytes. Thread-safe, and without a thread of its own. */
final class SnapshotStore {
    /*
     * Answers to one key stand in one immutable list, newest first, which is replaced under the cache's lock of its key:
     * of two that are kept at once neither is lost. What has to be driven out is, by the thread that keeps or finds.
     *
     * The cache is made once the application makes calls, not before: its library asks the JDK for a logger, which an
     * application may want to set up first.
     */
    private static final int MOST_VARIANTS = 8;
    private static final int OBJECTS = 96;

    private final SnapshotRule rule;
    private final LongSupplier nanoClock;
    private final LongAdder kept = new LongAdder();
    private final LongAdder served = new LongAdder();
    private final LongAdder evicted = new LongAdder();
    private final LongAdder refused = new LongAdder();
    private final ReentrantLock making = new ReentrantLock();
    private volatile @Nullable Cache<SnapshotKey, List<Snapshot>> cache;

    SnapshotStore(SnapshotRule rule, LongSupplier nanoClock) {
        this.rule = rule;
        this.nanoClock = nanoClock;
    }

    /** Keeps {@code fresh} instead of those that it {@code replaces}; false if it is too large, or older than they. */
    @SuppressWarnings("ReferenceEquality") // whether it is this very one
    boolean keep(SnapshotKey key, Snapshot fresh, Predicate<Snapshot> replaces) {
        if (fresh.body().length() > rule.mostBytesOfOne() || weight(key, List.of(fresh)) > rule.mostBytesOfOne()) {
            refused.increment();
            return false;
        }
        List<Snapshot> all = made().asMap()
                .compute(key, (same, known) -> with(key, known == null ? List.of() : known, fresh, replaces));
        boolean taken = all != null && all.get(0) == fresh;
        if (taken) {
            kept.increment();
        }
        return taken;
    }

    /** Those kept for the key, the newest first. */
    List<Snapshot> all(SnapshotKey key) {
        Cache<SnapshotKey, List<Snapshot>> made = cache;
        List<Snapshot> variants = made == null ? null : made.getIfPresent(key);
        return variants == null ? List.of() : variants;
    }

    /** Makes the cache; nothing is kept by that. */
    void warm() {
        made();
    }

    void served() {
        served.increment();
    }

    void refused() {
        refused.increment();
    }

    SnapshotCounts counts() {
        Cache<SnapshotKey, List<Snapshot>> made = cache;
        long bytes = 0;
        if (made != null) {
            made.cleanUp();
            bytes = made.policy().eviction().orElseThrow().weightedSize().orElseThrow();
        }
        return new SnapshotCounts(kept.sum(), served.sum(), evicted.sum(), refused.sum(), bytes);
    }

    private List<Snapshot> with(
            SnapshotKey key, List<Snapshot> variants, Snapshot fresh, Predicate<Snapshot> replaces) {
        List<Snapshot> all = new ArrayList<>(variants.size() + 1);
        all.add(fresh);
        for (Snapshot other : variants) {
            boolean goes = replaces.test(other);
            if (goes && other.at().nanos() - fresh.at().nanos() > 0) {
                return variants; // a slow body of an older answer
            }
            if (!goes && all.size() < MOST_VARIANTS) {
                all.add(other);
            }
        }
        while (all.size() > 1 && weight(key, all) > rule.mostBytesOfOne()) {
            all.remove(all.size() - 1);
        }
        return List.copyOf(all);
    }

    private Cache<SnapshotKey, List<Snapshot>> made() {
        Cache<SnapshotKey, List<Snapshot>> made = cache;
        if (made != null) {
            return made;
        }
        making.lock();
        try {
            if (cache == null) {
                cache = make();
            }
            return Objects.requireNonNull(cache);
        } finally {
            making.unlock();
        }
    }

    private Cache<SnapshotKey, List<Snapshot>> make() {
        return Caffeine.newBuilder()
                .maximumWeight(rule.maxBytes())
                .weigher(SnapshotStore::weight)
                .expireAfterWrite(rule.maxAge())
                .ticker(nanoClock::getAsLong)
                .executor(Runnable::run)
                .evictionListener((@Nullable SnapshotKey key, @Nullable List<Snapshot> variants, RemovalCause cause) ->
                        evicted.add(variants == null ? 1 : variants.size()))
                .build();
    }

    private static int weight(SnapshotKey key, List<Snapshot> variants) {
        int bytes = OBJECTS + key.bytes();
        for (Snapshot snapshot : variants) {
            bytes += snapshot.bytes();
        }
        return bytes;
    }
}
