package dev.resilience.demo;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The calls of the shop, as its log tells them. Thread-safe. */
final class Calls {
    private static final long RECENT_NANOS = 2_000_000_000L;

    private final Map<Long, Call> waiting = new HashMap<>();
    private final Deque<Call> recent = new ArrayDeque<>();
    private final Map<Dependency, Map<Kind, Integer>> totals = new EnumMap<>(Dependency.class);
    private final List<Call> sinceMark = new ArrayList<>();
    private boolean marked;

    /** Takes one line of the shop's log. */
    synchronized void read(String line, long now) {
        String[] words = line.split(" ", 4);
        if (words[0].equals("BEGIN")) {
            Call call = new Call(Dependency.of(words[2]), now);
            waiting.put(Long.parseLong(words[1]), call);
            if (marked) {
                sinceMark.add(call);
            }
        } else if (words[0].equals("ANSWER") || words[0].equals("ERROR")) {
            Call call = waiting.remove(Long.parseLong(words[1]));
            if (call != null) {
                call.end(kindOf(words, call.dependency), Long.parseLong(words[2]), now);
                recent.add(call);
                totals.computeIfAbsent(call.dependency, any -> new EnumMap<>(Kind.class))
                        .merge(call.ended(), 1, Integer::sum);
            }
        }
    }

    private static Kind kindOf(String[] words, Dependency dependency) {
        String text = words.length > 3 ? words[3] : "";
        if (words[0].equals("ANSWER")) {
            return dependency.isRescued(text) ? Kind.RESCUED : Kind.ANSWERED;
        }
        return text.contains("resilience: call refused") ? Kind.REFUSED : Kind.FAILED;
    }

    /** Returns the calls in flight, and remembers those that begin from here on. */
    synchronized List<Call> mark() {
        marked = true;
        return new ArrayList<>(waiting.values());
    }

    synchronized List<Call> begunSinceMark() {
        return List.copyOf(sinceMark);
    }

    synchronized int total(Dependency dependency, Kind kind) {
        return totals.getOrDefault(dependency, Map.of()).getOrDefault(kind, 0);
    }

    /** What happened to a dependency in the last two seconds, per second. */
    synchronized Rates rates(Dependency dependency, long now) {
        while (!recent.isEmpty() && now - recent.peek().endNanos > RECENT_NANOS) {
            recent.remove();
        }
        Map<Kind, Integer> counts = new EnumMap<>(Kind.class);
        Latencies latencies = new Latencies();
        for (Call call : recent) {
            if (call.dependency == dependency) {
                counts.merge(call.ended(), 1, Integer::sum);
                latencies.add(call.micros);
            }
        }
        int open = 0;
        int begun = 0;
        for (Collection<Call> calls : List.of(waiting.values(), recent)) {
            for (Call call : calls) {
                if (call.dependency == dependency && now - call.beginNanos <= RECENT_NANOS) {
                    begun++;
                }
            }
        }
        for (Call call : waiting.values()) {
            if (call.dependency == dependency) {
                open++;
            }
        }
        return new Rates(begun / 2, counts, open, latencies);
    }

    /**
     * A dependency now.
     *
     * @param begun calls begun per second
     * @param ended calls ended in the last two seconds, by kind
     * @param waiting calls begun and not yet ended
     */
    record Rates(int begun, Map<Kind, Integer> ended, int waiting, Latencies latencies) {
        int perSecond(Kind kind) {
            return (ended.getOrDefault(kind, 0) + 1) / 2;
        }
    }

    /** One call; {@code kind} is null until it ended. */
    static final class Call {
        private final Dependency dependency;
        private final long beginNanos;
        private volatile @Nullable Kind kind;
        private long micros;
        private long endNanos;

        private Call(Dependency dependency, long beginNanos) {
            this.dependency = dependency;
            this.beginNanos = beginNanos;
        }

        private void end(Kind how, long duration, long now) {
            micros = duration;
            endNanos = now;
            kind = how;
        }

        @Nullable
        Kind kind() {
            return kind;
        }

        private Kind ended() {
            Kind how = kind;
            if (how == null) {
                throw new IllegalStateException("still waiting");
            }
            return how;
        }
    }
}
