package dev.resilience.instrumentation.api;

import java.util.Map;
import java.util.WeakHashMap;
import java.util.concurrent.locks.ReentrantLock;

/** A name for each of the objects it is asked for, which no other gets, not even when that object is gone. */
public final class Identities {
    private final ReentrantLock naming = new ReentrantLock();
    private final Map<Object, String> names = new WeakHashMap<>();
    private final String kind;
    private long named;

    public Identities(String kind) {
        this.kind = kind;
    }

    /** Of an object whose type has no two that are equal. */
    public String of(Object object) {
        naming.lock();
        try {
            String name = names.get(object);
            if (name == null) {
                name = kind + ' ' + named++;
                names.put(object, name);
            }
            return name;
        } finally {
            naming.unlock();
        }
    }
}
