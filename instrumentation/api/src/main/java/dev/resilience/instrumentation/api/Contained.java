package dev.resilience.instrumentation.api;

import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Code of ours where a library, an executor or a future calls it, with nobody of ours above to catch: what it throws is
 * reported, and the call goes on as it would have without it.
 */
public final class Contained {
    /** Runs {@code ours}. */
    public static void run(Faults faults, String site, Runnable ours) {
        try {
            ours.run();
        } catch (Throwable fault) {
            faults.report(site, fault);
        }
    }

    /** What {@code ours} says, or {@code otherwise} if it fails. */
    public static boolean ask(Faults faults, String site, BooleanSupplier ours, BooleanSupplier otherwise) {
        try {
            return ours.getAsBoolean();
        } catch (Throwable fault) {
            faults.report(site, fault);
            return otherwise.getAsBoolean();
        }
    }

    /** {@code ours} for another thread; {@code otherwise} happens there if it fails. */
    public static Runnable task(Faults faults, String site, Runnable ours, Runnable otherwise) {
        return () -> {
            try {
                ours.run();
            } catch (Throwable fault) {
                faults.report(site, fault);
                otherwise.run();
            }
        };
    }

    /** {@code ours} as a stage of a future; {@code otherwise} happens if it fails. */
    public static <T> BiConsumer<@Nullable T, @Nullable Throwable> stage(
            Faults faults, String site, BiConsumer<@Nullable T, @Nullable Throwable> ours, Runnable otherwise) {
        return (value, thrown) -> {
            try {
                ours.accept(value, thrown);
            } catch (Throwable fault) {
                faults.report(site, fault);
                otherwise.run();
            }
        };
    }

    /** Ends {@code out} so; nothing happens if it is over. */
    public static <T> Runnable end(CompletableFuture<T> out, @Nullable T value, @Nullable Throwable thrown) {
        return () -> {
            if (thrown == null) {
                out.complete(value);
            } else {
                out.completeExceptionally(thrown);
            }
        };
    }

    /** Ends {@code out} as {@code work} ends, or ended; nothing happens if it is over. */
    @SuppressWarnings("FutureReturnValueIgnored") // it completes a future, which does not throw
    public static <T> void follow(CompletableFuture<T> out, CompletableFuture<T> work) {
        work.whenComplete((value, thrown) -> end(out, value, thrown).run());
    }

    private Contained() {}
}
