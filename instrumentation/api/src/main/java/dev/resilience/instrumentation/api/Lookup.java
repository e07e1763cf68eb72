package dev.resilience.instrumentation.api;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Collection;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** One question to the resolver, and those who wait for what it says. */
public final class Lookup implements Runnable {
    /** Who waits looks again at least so often. */
    public static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final String host;
    private final Set<Thread> waiting = ConcurrentHashMap.newKeySet();
    private @Nullable InetAddress found;
    private long doneNanos;
    private volatile boolean done;

    Lookup(String host) {
        this.host = host;
    }

    /** Ends it whatever happens: those who wait know no other end than that and their own. */
    @Override
    public void run() {
        try {
            found = InetAddress.getByName(host);
        } catch (UnknownHostException unknown) {
            // whoever asked asks again, and is told so by the resolver itself
        } finally {
            doneNanos = System.nanoTime();
            done = true;
            waiting.forEach(LockSupport::unpark);
        }
    }

    /** Nobody will ask. */
    void giveUp() {
        done = true;
        waiting.forEach(LockSupport::unpark);
    }

    public boolean isDone() {
        return done;
    }

    /** Null while it is not done, and where there is no such name. */
    public @Nullable InetAddress found() {
        return done ? found : null;
    }

    /** Whether it may still be used: it is under way, or has found something of late. */
    boolean isFresh(long keptNanos) {
        return !done || (found != null && System.nanoTime() - doneNanos < keptNanos);
    }

    /** Waits until one of them is done or {@code enough}; an interrupt is kept for later, as the resolver would. */
    public static void await(Collection<Lookup> lookups, BooleanSupplier enough) {
        boolean interrupted = false;
        Thread self = Thread.currentThread();
        lookups.forEach(lookup -> lookup.waiting.add(self));
        try {
            while (lookups.stream().noneMatch(Lookup::isDone) && !enough.getAsBoolean()) {
                LockSupport.parkNanos(lookups, LOOK_NANOS);
                interrupted |= Thread.interrupted();
            }
        } finally {
            lookups.forEach(lookup -> lookup.waiting.remove(self));
            if (interrupted) {
                self.interrupt();
            }
        }
    }
}
