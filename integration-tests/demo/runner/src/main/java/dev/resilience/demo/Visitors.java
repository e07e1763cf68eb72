package dev.resilience.demo;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The visitors of the shop: so many a second whatever the shop does, each leaving after two seconds. Their latency
 * counts from the moment they meant to come. Thread-safe.
 */
final class Visitors implements AutoCloseable {
    static final int PER_SECOND = 50;
    static final Duration PATIENCE = Duration.ofSeconds(2);

    private static final int WARM_UP_VISITS = 30;

    /** So few that each was asked for before anything fails. */
    private static final int PRODUCTS = 100;

    private static final long WARM_UP_NANOS = TimeUnit.SECONDS.toNanos(2);

    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final ScheduledExecutorService clock = Threads.daemons(1);
    private final AtomicInteger come = new AtomicInteger();
    private final Map<Phase, Score> scores = new EnumMap<>(Phase.class);
    private final Score ofSigterm = new Score();
    private final Deque<Visit> recent = new ArrayDeque<>();
    private final URI shop;
    private volatile @Nullable Phase phase = Phase.WARM_UP;

    Visitors(int port) {
        shop = URI.create("http://127.0.0.1:" + port);
        for (Phase one : Phase.values()) {
            scores.put(one, new Score());
        }
    }

    /** One visitor who comes again and again, so that the shop has loaded its classes before the crowd comes. */
    void warmUp() throws IOException, InterruptedException {
        long begin = System.nanoTime();
        for (int visit = 0; visit < WARM_UP_VISITS || System.nanoTime() - begin < WARM_UP_NANOS; visit++) {
            client.send(request(visit, Duration.ofSeconds(30)), BodyHandlers.ofString());
        }
    }

    void begin() {
        long start = System.nanoTime();
        long interval = TimeUnit.SECONDS.toNanos(1) / PER_SECOND;
        var unused = clock.scheduleAtFixedRate(
                () -> visit(start + come.getAndIncrement() * interval), 0, interval, TimeUnit.NANOSECONDS);
    }

    /** From now on visits count for this phase; null: for none. */
    void count(@Nullable Phase next) {
        phase = next;
    }

    private void visit(long intended) {
        Phase counted = phase;
        var unused = client.sendAsync(request(come.get(), PATIENCE), BodyHandlers.ofString())
                .handle((response, failure) -> {
                    View view = response == null ? View.NOTHING : View.of(response.body());
                    long now = System.nanoTime();
                    synchronized (this) {
                        Visit visit = new Visit(view, now, (now - intended) / 1000);
                        recent.add(visit);
                        (counted == null ? ofSigterm : scores.getOrDefault(counted, ofSigterm)).add(visit);
                    }
                    return view;
                });
    }

    private HttpRequest request(int visit, Duration timeout) {
        return HttpRequest.newBuilder(shop.resolve("/product/" + visit % PRODUCTS))
                .timeout(timeout)
                .build();
    }

    synchronized Score score(Phase of) {
        return scores.getOrDefault(of, ofSigterm);
    }

    /** The visits that ended in the last two seconds. */
    synchronized Score recent(long now) {
        while (!recent.isEmpty() && now - recent.peek().endNanos > 2_000_000_000L) {
            recent.remove();
        }
        Score score = new Score();
        recent.forEach(score::add);
        return score;
    }

    @Override
    public void close() {
        clock.shutdownNow();
    }

    /** What a visitor saw. */
    enum View {
        WHOLE,
        RESCUED,
        PARTIAL,
        NOTHING;

        private static View of(String page) {
            if (page.contains("not available")) {
                return PARTIAL;
            }
            for (Dependency dependency : Dependency.values()) {
                if (dependency.isRescued(page)) {
                    return RESCUED;
                }
            }
            return WHOLE;
        }
    }

    private record Visit(View view, long endNanos, long micros) {}

    /** Visits, by what was seen. Not thread-safe: read when its phase is over. */
    static final class Score {
        private final Map<View, Integer> views = new EnumMap<>(View.class);
        private final Latencies latencies = new Latencies();

        private void add(Visit visit) {
            views.merge(visit.view, 1, Integer::sum);
            latencies.add(visit.micros);
        }

        int count(View view) {
            return views.getOrDefault(view, 0);
        }

        int all() {
            return views.values().stream().mapToInt(Integer::intValue).sum();
        }

        Latencies latencies() {
            return latencies;
        }
    }
}
