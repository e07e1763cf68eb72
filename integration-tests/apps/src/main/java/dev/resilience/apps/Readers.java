package dev.resilience.apps;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Ways of real callers to read an answer, and how long one takes that is asked again and again. */
final class Readers {
    private static final long HICCUP_NANOS = 1_000_000;

    /** As a parser does: a bit at a time, to the end. */
    static String stream(HttpClient http, String url) throws Exception {
        var response = http.send(request(url), BodyHandlers.ofInputStream());
        StringBuilder text = new StringBuilder();
        try (BufferedReader reader =
                new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8), 16)) {
            for (int next = reader.read(); next >= 0; next = reader.read()) {
                text.append((char) next);
            }
        }
        return response.statusCode() + " " + text;
    }

    /** A line at a time, as they are asked for. */
    static String lines(HttpClient http, String url) throws Exception {
        CompletableFuture<String> lines = new CompletableFuture<>();
        HttpResponse<Void> response = http.send(request(url), BodyHandlers.fromLineSubscriber(new Lines(lines)));
        return response.statusCode() + " " + lines.get(10, TimeUnit.SECONDS);
    }

    /** With the credentials of a caller; says the age of what was answered. */
    static String as(HttpClient http, String url, String principal) throws Exception {
        HttpResponse<String> response = http.send(
                HttpRequest.newBuilder(URI.create(url))
                        .header("Authorization", "Bearer " + principal)
                        .build(),
                BodyHandlers.ofString());
        return response.statusCode() + " " + response.body() + " age "
                + response.headers().firstValue("Age").orElse("unknown");
    }

    private static HttpRequest request(String url) {
        return HttpRequest.newBuilder(URI.create(url)).build();
    }

    /**
     * Makes a call so often a second, each at its time whether or not the one before was late, and says P50, P99, P99.9
     * and the longest from that time on in microseconds; and the same of how late a sleep of a millisecond ended meanwhile,
     * and would have at each millisecond of that, as a pause makes more than one of such calls late (so does jHiccup).
     */
    static String steadily(Callable<String> call, int rate, int seconds) throws Exception {
        Hiccups hiccups = new Hiccups();
        hiccups.start();
        long[] nanos = new long[rate * seconds];
        long begin = System.nanoTime();
        for (int i = 0; i < nanos.length; i++) {
            long intended = begin + i * 1_000_000_000L / rate;
            for (long early = intended - System.nanoTime(); early > 0; early = intended - System.nanoTime()) {
                LockSupport.parkNanos(early);
            }
            call.call();
            nanos[i] = System.nanoTime() - intended;
        }
        hiccups.over = true;
        hiccups.join();
        long[] late = hiccups.late.stream().mapToLong(Long::longValue).toArray();
        return figures(nanos) + " hiccups " + figures(late);
    }

    private static String figures(long[] nanos) {
        Arrays.sort(nanos);
        StringBuilder figures = new StringBuilder();
        for (double share : new double[] {0.5, 0.99, 0.999, 1}) {
            int rank = (int) Math.ceil(share * nanos.length) - 1;
            figures.append(figures.length() == 0 ? "" : "/").append(nanos[rank] / 1_000);
        }
        return figures.toString();
    }

    private static final class Hiccups extends Thread {
        private final List<Long> late = new ArrayList<>();
        private volatile boolean over;

        Hiccups() {
            super("hiccups");
            setDaemon(true);
        }

        @Override
        public void run() {
            while (!over) {
                long start = System.nanoTime();
                LockSupport.parkNanos(HICCUP_NANOS);
                long nanos = System.nanoTime() - start - HICCUP_NANOS;
                late.add(nanos);
                for (long missed = nanos - HICCUP_NANOS; missed >= HICCUP_NANOS; missed -= HICCUP_NANOS) {
                    late.add(missed);
                }
            }
        }
    }

    private static final class Lines implements Flow.Subscriber<String> {
        private final CompletableFuture<String> end;
        private final List<String> lines = new ArrayList<>();
        private Flow.@Nullable Subscription subscription;

        Lines(CompletableFuture<String> end) {
            this.end = end;
        }

        @Override
        public void onSubscribe(Flow.Subscription upstream) {
            subscription = upstream;
            upstream.request(1);
        }

        @Override
        public void onNext(String line) {
            lines.add(line);
            Objects.requireNonNull(subscription).request(1);
        }

        @Override
        public void onError(Throwable thrown) {
            end.completeExceptionally(thrown);
        }

        @Override
        public void onComplete() {
            end.complete(String.join("|", lines));
        }
    }

    private Readers() {}
}
