package dev.resilience.agent.guard;

import dev.resilience.agent.signal.Sink;
import dev.resilience.instrumentation.api.Faults;
import java.util.function.LongSupplier;

/** What all guards share. */
record Machinery(
        LongSupplier nanoClock,
        Sink sink,
        Faults faults,
        InFlight inFlight,
        DeadlineTimer timer,
        Canceller canceller,
        Pulse pulse,
        DecisionIds ids) {

    /** Nothing runs yet: threads start with the first guard and the first deadline. */
    static Machinery of(LongSupplier nanoClock, Sink sink, Faults faults) {
        InFlight inFlight = new InFlight();
        return new Machinery(
                nanoClock,
                sink,
                faults,
                inFlight,
                new DeadlineTimer(nanoClock, TargetGuard::expire, faults),
                new Canceller(faults),
                new Pulse(nanoClock, sink, inFlight, faults),
                new DecisionIds());
    }
}
