package dev.resilience.agent.telemetry;

import dev.resilience.instrumentation.api.Faults;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Keeps the faults it is told of. */
final class Kept implements Faults {
    final List<String> faults = new CopyOnWriteArrayList<>();

    @Override
    public void report(String site, Throwable fault) {
        faults.add(site + " " + fault);
    }
}
