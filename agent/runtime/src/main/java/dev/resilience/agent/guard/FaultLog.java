package dev.resilience.agent.guard;

import dev.resilience.instrumentation.api.Faults;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;

/** Counts the agent's own faults and prints the first one of each site. */
public final class FaultLog implements Faults {
    private static final int MAX_SITES = 256;
    private static final String OTHER_SITES = "other sites";

    private final Consumer<String> out;
    private final LongAdder total = new LongAdder();
    private final ConcurrentHashMap<String, LongAdder> sites = new ConcurrentHashMap<>();

    /** Prints whole lines to {@code out}. */
    public FaultLog(Consumer<String> out) {
        this.out = out;
    }

    @Override
    public void report(String site, Throwable fault) {
        try {
            total.increment();
            LongAdder count = sites.get(site);
            if (count == null) {
                String counted = sites.size() < MAX_SITES ? site : OTHER_SITES;
                LongAdder fresh = new LongAdder();
                count = sites.putIfAbsent(counted, fresh);
                if (count == null) {
                    count = fresh;
                    out.accept("resilience: fault at " + counted + ": " + fault + "; calls go on unguarded there");
                }
            }
            count.increment();
        } catch (Throwable beyondHelp) {
            // Out of memory, or a fault that cannot be printed: the call goes on, and the total says it was there.
            total.increment();
        }
    }

    /** How many faults there were in all. */
    public long total() {
        return total.sum();
    }

    /** How many faults there were at each site, by name. */
    public Map<String, Long> bySite() {
        Map<String, Long> counts = new TreeMap<>();
        sites.forEach((site, count) -> counts.put(site, count.sum()));
        return counts;
    }
}
