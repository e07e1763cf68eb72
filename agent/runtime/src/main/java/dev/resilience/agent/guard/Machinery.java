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
        return of(nanoClock, sink, faults, true);
    }

    /** Nothing ever runs by itself. */
    static Machinery byHand(LongSupplier nanoClock, Sink sink, Faults faults) {
        return of(nanoClock, sink, faults, false);
    }

    private static Machinery of(LongSupplier nanoClock, Sink sink, Faults faults, boolean runsItself) {
        InFlight inFlight = new InFlight();
        return new Machinery(
                nanoClock,
                sink,
                faults,
                inFlight,
                runsItself
                        ? new DeadlineTimer(nanoClock, TargetGuard::expire, faults)
                        : DeadlineTimer.turnedByHand(nanoClock, TargetGuard::expire, faults),
                new Canceller(faults),
                new Pulse(nanoClock, sink, inFlight, faults, runsItself),
                new DecisionIds());
    }
}
