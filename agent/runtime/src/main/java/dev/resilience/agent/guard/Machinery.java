package dev.resilience.agent.guard;

import dev.resilience.agent.signal.Sink;
import dev.resilience.instrumentation.api.Call;
import dev.resilience.instrumentation.api.Faults;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/** What all guards share. */
record Machinery(
        LongSupplier nanoClock,
        Sink sink,
        Faults faults,
        InFlight inFlight,
        LimitTable limits,
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
        LimitTable limits = new LimitTable(inFlight);
        // a class, as this runs before every application's main
        Consumer<Call> expired = new Consumer<>() {
            @Override
            public void accept(Call call) {
                TargetGuard.expire(call);
            }
        };
        return new Machinery(
                nanoClock,
                sink,
                faults,
                inFlight,
                limits,
                runsItself
                        ? new DeadlineTimer(nanoClock, expired, faults)
                        : DeadlineTimer.turnedByHand(nanoClock, expired, faults),
                new Canceller(faults),
                new Pulse(nanoClock, sink, inFlight, limits, faults, runsItself),
                new DecisionIds());
    }
}
