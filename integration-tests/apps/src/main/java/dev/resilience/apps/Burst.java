package dev.resilience.apps;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** The same call many times at once: how each ended, and after how many microseconds. */
final class Burst {
    private static final ExecutorService THREADS =
            Executors.newCachedThreadPool(task -> Lines.daemon(task, "background"));

    private final Map<String, Integer> endings = new TreeMap<>();
    private final List<Long> micros = new ArrayList<>();

    /** {@code ENDING*COUNT,... MICROS MICROS ...}, the quickest first. */
    static String of(int count, Callable<String> call) throws InterruptedException {
        Burst burst = new Burst();
        CountDownLatch running = new CountDownLatch(count);
        CountDownLatch over = new CountDownLatch(count);
        for (int i = 0; i < count; i++) {
            THREADS.execute(() -> {
                running.countDown();
                try {
                    running.await();
                    burst.one(call);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                } finally {
                    over.countDown();
                }
            });
        }
        boolean ended = over.await(25, TimeUnit.SECONDS);
        return burst.text(ended ? 0 : over.getCount());
    }

    private void one(Callable<String> call) {
        long start = System.nanoTime();
        String ending;
        try {
            ending = call.call();
        } catch (Throwable thrown) {
            ending = describe(thrown);
        }
        long took = (System.nanoTime() - start) / 1_000;
        synchronized (this) {
            endings.merge(ending, 1, Integer::sum);
            micros.add(took);
        }
    }

    private static String describe(Throwable thrown) {
        Throwable cause = thrown;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        String message =
                String.valueOf(cause.getMessage()).replaceAll("target.*", "").replaceAll("[^A-Za-z0-9_.:()-]+", "_");
        return cause.getClass().getSimpleName() + "_" + message;
    }

    private synchronized String text(long hung) {
        Collections.sort(micros);
        StringBuilder text = new StringBuilder();
        if (hung > 0) {
            endings.put("still-running", (int) hung);
        }
        endings.forEach((ending, count) -> text.append(text.length() == 0 ? "" : ",")
                .append(ending)
                .append('*')
                .append(count));
        for (long each : micros) {
            text.append(' ').append(each);
        }
        return text.toString();
    }
}
