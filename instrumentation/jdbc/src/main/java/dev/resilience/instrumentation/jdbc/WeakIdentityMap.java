package dev.resilience.instrumentation.jdbc;

import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Keeps a value beside an object of the application for as long as that object lives; the value must not hold it. */
final class WeakIdentityMap<V> {
    private final ConcurrentHashMap<Object, V> entries = new ConcurrentHashMap<>();
    private final ReferenceQueue<Object> collected = new ReferenceQueue<>();

    @Nullable
    V get(Object key) {
        return entries.get(new Probe(key));
    }

    void put(Object key, V value) {
        for (Reference<?> gone = collected.poll(); gone != null; gone = collected.poll()) {
            entries.remove(gone);
        }
        entries.put(new Key(key, collected), value);
    }

    @Nullable
    V remove(Object key) {
        return entries.remove(new Probe(key));
    }

    int size() {
        return entries.size();
    }

    private static final class Key extends WeakReference<Object> {
        private final int hash;

        Key(Object referent, ReferenceQueue<Object> collected) {
            super(referent, collected);
            hash = System.identityHashCode(referent);
        }

        @Override
        public int hashCode() {
            return hash;
        }

        @Override
        public boolean equals(@Nullable Object other) {
            Object referent = get();
            return this == other || (referent != null && other instanceof Key that && that.refersTo(referent));
        }
    }

    private record Probe(Object sought) {
        @Override
        public int hashCode() {
            return System.identityHashCode(sought);
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Key key && key.refersTo(sought);
        }
    }
}
