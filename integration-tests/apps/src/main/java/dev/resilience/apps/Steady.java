package dev.resilience.apps;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/**
 * Calls the URL given, some 200 times a second by ten threads, with a timeout of one second, until its input ends. Its
 * commands: {@code gc N} collects garbage over and over for N milliseconds, {@code hog N} keeps four threads busy that
 * long, {@code counts} prints how calls ended since it was last asked, as these do too, and {@code suggest MOOD} what the
 * agent suggests, with a bar for each end of a line.
 */
public final class Steady {
    private static final int THREADS = 10;
    private static final int HOGS = 4;
    private static final long PAUSE_MILLIS = 45;

    private static final Map<String, LongAdder> COUNTS = new ConcurrentHashMap<>();
    private static volatile int burned;

    /** Calls the URL given. */
    public static void main(String[] arguments) throws IOException {
        HttpClient client = HttpClient.newHttpClient();
        HttpRequest request = HttpRequest.newBuilder(URI.create(arguments[0]))
                .timeout(Duration.ofSeconds(1))
                .build();
        for (int i = 0; i < THREADS; i++) {
            daemon(() -> callForEver(client, request));
        }
        System.out.println("ready");
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        int done = 0;
        for (String line = commands.readLine(); line != null; line = commands.readLine()) {
            String[] words = line.split(" ", 2);
            switch (words[0]) {
                case "gc" -> collect(Long.parseLong(words[1]));
                case "hog" -> hog(Long.parseLong(words[1]));
                default -> {
                    // its answer is all it does
                }
            }
            String answer = words[0].equals("suggest") ? suggested(words[1]).replace("\n", "|") : counts().toString();
            System.out.println(++done + ": " + answer);
        }
        System.exit(0);
    }

    private static void callForEver(HttpClient client, HttpRequest request) {
        while (true) {
            COUNTS.computeIfAbsent(ending(client, request), key -> new LongAdder())
                    .increment();
            pause(PAUSE_MILLIS);
        }
    }

    private static String ending(HttpClient client, HttpRequest request) {
        try {
            return Integer.toString(
                    client.send(request, HttpResponse.BodyHandlers.ofString()).statusCode());
        } catch (IOException e) {
            String message = String.valueOf(e.getMessage());
            return message.startsWith("resilience: call refused: ")
                    ? message.substring(26, message.indexOf(' ', 26))
                    : e.getClass().getSimpleName();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Map<String, Long> counts() {
        Map<String, Long> counts = new TreeMap<>();
        COUNTS.forEach((ending, count) -> counts.put(ending, count.sumThenReset()));
        counts.values().removeIf(count -> count == 0);
        return counts;
    }

    private static void collect(long millis) {
        List<byte[]> kept = new ArrayList<>();
        for (long end = System.nanoTime() + millis * 1_000_000; System.nanoTime() - end < 0; ) {
            kept.add(new byte[1_000_000]);
            if (kept.size() > 100) {
                kept.clear();
            }
            System.gc();
        }
    }

    /** By the face the agent has for its own command line, behind its loader. */
    private static String suggested(String mood) {
        try {
            ClassLoader agent = Thread.getAllStackTraces().keySet().stream()
                    .filter(thread -> thread.getName().equals("resilience-pulse"))
                    .findFirst()
                    .orElseThrow()
                    .getContextClassLoader();
            Object guards = agent.loadClass("dev.resilience.instrumentation.api.Agent")
                    .getMethod("guards")
                    .invoke(null);
            Object suggestions = guards.getClass().getMethod("suggestions").invoke(guards);
            Class<?> moods = agent.loadClass("dev.resilience.engine.Mood");
            Object asked = moods.getMethod("valueOf", String.class).invoke(null, mood);
            return (String) suggestions
                    .getClass()
                    .getMethod("yamlWithThresholds", moods)
                    .invoke(suggestions, asked);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void hog(long millis) {
        long end = System.nanoTime() + millis * 1_000_000;
        for (int i = 0; i < HOGS; i++) {
            daemon(() -> {
                int spun = 1;
                while (System.nanoTime() - end < 0) {
                    spun = spun * 31 + 7;
                }
                burned = spun;
            });
        }
        pause(millis);
    }

    private static void daemon(Runnable run) {
        Thread thread = new Thread(run);
        thread.setDaemon(true);
        thread.start();
    }

    private static void pause(long millis) {
        try {
            TimeUnit.MILLISECONDS.sleep(millis);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private Steady() {}
}
