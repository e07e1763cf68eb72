package dev.resilience.instrumentation.jdbc;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Runs what may block in a driver's socket, and ends it in time. */
final class BoundedWork {
    /*
     * A cancel request is a connection of its own, and in a network that swallows packets it blocks for as long as the
     * driver likes, holding a lock the cut query needs. Of the drivers whose sockets are noted, the socket is closed.
     * For the others: a virtual thread that is blocked in a socket can be interrupted and a platform thread cannot; so
     * from Java 21 on the work runs on a virtual thread of ours, before that on the caller.
     */
    private static final @Nullable MethodHandle START_VIRTUAL = startVirtual();

    /** What a closed or interrupted socket operation needs to unwind. */
    private static final long UNWIND_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    /** Runs the work, which must not throw; false if it was ended after {@code nanos}. */
    static boolean run(Runnable work, long nanos) {
        Wires wires = new Wires(null);
        FutureTask<?> task = new FutureTask<>(() -> isCut(work, wires));
        Thread helper = start(task);
        if (helper == null) {
            return runHere(work, wires, nanos);
        }
        if (isDone(task, nanos)) {
            return true;
        }
        if (!wires.cut() || !isDone(task, UNWIND_NANOS)) {
            // Where no carrier is free the work has not begun: then it runs here after all, else this does nothing.
            task.run();
            helper.interrupt();
            isDone(task, UNWIND_NANOS);
        }
        return false;
    }

    /**
     * The same on this thread, which only a noted socket can be taken from.
     *
     * @param opening is asked once the work has one, before anything is sent, whether it goes on
     */
    static boolean runHere(Runnable work, BooleanSupplier opening, long nanos) {
        return runHere(work, new Wires(null, opening), nanos);
    }

    private static boolean runHere(Runnable work, Wires wires, long nanos) {
        // on a thread of the JDK's that only waits: to close a socket takes no time
        CompletableFuture.delayedExecutor(nanos, TimeUnit.NANOSECONDS, Runnable::run)
                .execute(wires::cut);
        return !isCut(work, wires);
    }

    private static boolean isCut(Runnable work, Wires wires) {
        wires.attach();
        boolean cut;
        try {
            work.run();
        } finally {
            cut = wires.detach();
        }
        return cut;
    }

    private static boolean isDone(FutureTask<?> task, long withinNanos) {
        try {
            task.get(withinNanos, TimeUnit.NANOSECONDS);
            return true;
        } catch (TimeoutException late) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } catch (ExecutionException e) {
            return true;
        }
    }

    private static @Nullable Thread start(Runnable task) {
        if (START_VIRTUAL == null) {
            return null;
        }
        try {
            return (Thread) START_VIRTUAL.invokeExact(task);
        } catch (Throwable unsupported) { // a preview feature in 19 and 20
            return null;
        }
    }

    private static @Nullable MethodHandle startVirtual() {
        try {
            return MethodHandles.publicLookup()
                    .findStatic(
                            Thread.class, "startVirtualThread", MethodType.methodType(Thread.class, Runnable.class));
        } catch (NoSuchMethodException | IllegalAccessException before21) {
            return null;
        }
    }

    private BoundedWork() {}
}
