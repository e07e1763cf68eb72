package dev.resilience.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/**
 * Bursts of calls of one program, and how late they were answered; a quantile of more calls with
 * {@code -Dphases.rounds=4}.
 */
final class Phases {
    static final int CALLS = 25;
    static final long DEADLINE_MICROS = 300_000;

    /** How late, in microseconds, all calls of a burst were, by its name. */
    private static final Map<String, List<Long>> LATE = new ConcurrentHashMap<>();

    /** Bursts of JDBC that have a statement to cancel. */
    private static final Set<String> STATEMENTS = Set.of("execute", "batch", "next");

    private final Jvm program;
    private final String name;
    private final Held before;

    Phases(Jvm program, String library, Path jdk) {
        this.program = program;
        this.name = library + ", JDK " + Jdks.releaseOf(jdk);
        this.before = Held.of(program);
    }

    /** Each as often as there are rounds. */
    static Stream<Path> jdks() {
        return Jdks.all().stream()
                .flatMap(jdk -> Collections.nCopies(Integer.getInteger("phases.rounds", 1), jdk).stream());
    }

    Jvm program() {
        return program;
    }

    /** Makes these bursts at the same time; each of their calls must have ended like that, when its deadline was over. */
    void areCut(String cell, String ending, String... bursts) {
        areCut(cell, ending, DEADLINE_MICROS, bursts);
    }

    /** A cancel takes its time where it is a request of its own, and so begins earlier: at most that much. */
    private static long earlyMicros(String burst, long deadlineMicros) {
        return STATEMENTS.contains(burst.split(" ", 2)[0]) ? deadlineMicros / 40 : 0;
    }

    void areCut(String cell, String ending, long deadlineMicros, String... bursts) {
        try (Pauses pauses = new Pauses()) {
            List<String> ids = new ArrayList<>();
            for (String burst : bursts) {
                ids.add(program.begin(burst));
            }
            for (int i = 0; i < bursts.length; i++) {
                Ended ended = Ended.of(program.answerTo(ids.get(i)));
                List<Long> late = ended.lateBy(deadlineMicros);
                report(name + ", " + cell + ", " + bursts[i].split(" ", 2)[0], late, ended.endings);
                assertThat(ended.endings).as(cell + ", " + bursts[i]).allMatch(each -> each.startsWith(ending));
                assertThat(late.get(0))
                        .as(cell + " early, us")
                        .isGreaterThan(-2_000 - earlyMicros(bursts[i], deadlineMicros));
                // a body or a stream that stood still with all of us is given that time again
                long excused = 2 * pauses.micros();
                assertThat(late.get(late.size() / 2)).as(cell + " late, us").isLessThan(1_000_000 + excused);
                assertThat(late.get(late.size() - 1))
                        .as(cell + " the latest, us")
                        .isLessThan(5_000_000 + excused);
            }
        }
    }

    private static void report(String burst, List<Long> late, List<String> endings) {
        List<Long> all = LATE.computeIfAbsent(burst, key -> new ArrayList<>());
        all.addAll(late);
        Collections.sort(all);
        System.out.printf(
                "phases, %s: %d late by ms P50 %.1f P99 %.1f max %.1f %s%n",
                burst,
                all.size(),
                all.get(all.size() / 2) / 1000.0,
                all.get((99 * all.size() + 99) / 100 - 1) / 1000.0,
                all.get(all.size() - 1) / 1000.0,
                endings);
    }

    /** The one call of this burst must end so; the first of its kind may need longer than the deadline. */
    void answers(String ending, String burst) {
        eventually(burst, () -> program.call(burst).startsWith(ending + "*1 "));
    }

    static void eventually(String what, Callable<Boolean> condition) {
        Awaitility.await(what)
                .atMost(Duration.ofSeconds(15))
                .pollInterval(Duration.ofMillis(20))
                .until(condition);
    }

    /** Ends the program, which must hold nothing by then that it did not hold when this was made. */
    void endWithNothingLeft() {
        try (program) {
            eventually("nothing left", () -> Held.of(program).isNoMoreThan(before));
        }
    }

    /** How the calls of a burst ended, each with its count, and after how many microseconds. */
    private record Ended(List<String> endings, List<Long> micros) {
        static Ended of(String answer) {
            String[] words = answer.split(" ", -1);
            List<Long> micros = new ArrayList<>();
            for (int i = 1; i < words.length; i++) {
                assertThat(words[i]).as(answer).containsOnlyDigits();
                micros.add(Long.parseLong(words[i]));
            }
            return new Ended(List.of(words[0].split(",", -1)), micros);
        }

        List<Long> lateBy(long deadlineMicros) {
            assertThat(micros).as("%s", endings).isNotEmpty();
            return micros.stream().map(each -> each - deadlineMicros).toList();
        }
    }

    /** Its threads by kind, and its sockets. */
    private record Held(Map<String, Long> threads, int sockets) {
        /** Pools that grow with the load and shrink by their own idle time, those of the agent among them. */
        private static final Pattern POOLED = Pattern.compile("background|HttpClient-N-.*|grpc-.*|ForkJoinPool.*"
                + "|CompletableFutureDelayScheduler|resilience-cancel|resilience-errand|resilience-leaks|Cleaner-N|Common-Cleaner"
                + "|MasterPoller|Read-Poller|Write-Poller|VirtualThread-.*|callbacks-N|Attach Listener");

        private static Held of(Jvm program) {
            Map<String, Long> threads = Stream.of(program.call("threads").split(",", -1))
                    .map(name -> name.replaceAll("\\d+", "N"))
                    .filter(name -> !POOLED.matcher(name).matches())
                    .collect(Collectors.groupingBy(name -> name, TreeMap::new, Collectors.counting()));
            return new Held(threads, Integer.parseInt(program.call("sockets")));
        }

        /** Whether it holds nothing that {@code before} did not. */
        boolean isNoMoreThan(Held before) {
            Map<String, Long> more = new TreeMap<>(threads);
            before.threads.forEach((name, count) -> more.merge(name, -count, Long::sum));
            more.values().removeIf(count -> count <= 0);
            System.out.println("phases, left over: threads " + more + ", sockets " + (sockets - before.sockets));
            return more.isEmpty() && sockets <= before.sockets;
        }
    }
}
