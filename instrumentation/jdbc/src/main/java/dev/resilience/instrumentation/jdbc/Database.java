package dev.resilience.instrumentation.jdbc;

import dev.resilience.instrumentation.api.Guard;
import dev.resilience.instrumentation.api.Guards;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A target as its connections know it: a URL without secrets, the pool if there is one, and the guard of both. */
final class Database {
    /** Of connections that do not say where they lead. */
    static final Database NOWHERE = new Database("", null, new Openings());

    private final String url;
    private final @Nullable String pool;
    private final Openings openings;
    private volatile @Nullable Found found;

    /** From the first guard on that has its statements watched: what is known of them must have no gaps. */
    private volatile boolean watched;

    // Whether calls were refused since one last succeeded, and how many getConnection calls were admitted in that time
    // and still wait: those are probes, and the connections a pool opens for them in its own threads belong to them.
    private volatile boolean troubled;
    private final AtomicInteger probing = new AtomicInteger();

    private record Found(int generation, @Nullable Guard guard) {}

    /** {@code openings} is shared by all that know it by this URL. */
    Database(String url, @Nullable String pool, Openings openings) {
        this.url = url;
        this.pool = pool;
        this.openings = openings;
    }

    boolean isNowhere() {
        return this == NOWHERE;
    }

    String url() {
        return url;
    }

    @Nullable
    String pool() {
        return pool;
    }

    Openings openings() {
        return openings;
    }

    /** The guard in force, looked up again after each reload of the policies. */
    @Nullable
    Guard guard(Guards guards) {
        int generation = guards.generation();
        Found known = found;
        if (known == null || known.generation != generation) {
            known = new Found(generation, guards.jdbc(url, pool));
            found = known;
            if (!watched && known.guard != null && known.guard.looksIntoStatements()) {
                Watched.begin();
                watched = true;
            }
        }
        return known.guard;
    }

    /** Whether all is to be known of its connections and statements. */
    boolean isWatched(Guards guards) {
        guard(guards);
        return watched;
    }

    void refused() {
        troubled = true;
    }

    void succeeded() {
        if (troubled) {
            troubled = false;
        }
    }

    /** Begins a getConnection; true when it is a probe, and {@link #endProbe} is due. */
    boolean beginProbe() {
        if (troubled) {
            probing.incrementAndGet();
            return true;
        }
        return false;
    }

    void endProbe() {
        probing.decrementAndGet();
    }

    boolean isProbed() {
        return probing.get() > 0;
    }
}
