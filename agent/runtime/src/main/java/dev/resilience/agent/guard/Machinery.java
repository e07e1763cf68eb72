package dev.resilience.agent.guard;

import dev.resilience.agent.signal.Sink;
import dev.resilience.instrumentation.api.Call;
import dev.resilience.instrumentation.api.Faults;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * What all guards share.
 *
 * @param streams those that are timed beside their calls
 */
record Machinery(
        LongSupplier nanoClock,
        Sink sink,
        Faults faults,
        InFlight inFlight,
        InFlight streams,
        LimitTable limits,
        DeadlineTimer timer,
        Canceller canceller,
        LeakWatch leaks,
        Pulse pulse,
        DecisionIds ids,
        SnapshotTable snapshots) {

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
        InFlight streams = new InFlight();
        LimitTable limits = new LimitTable(inFlight);
        LeakWatch leaks = new LeakWatch(faults, runsItself);
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
                streams,
                limits,
                new DeadlineTimer(nanoClock, inFlight, streams, leaks, expired, faults, runsItself),
                new Canceller(faults),
                leaks,
                new Pulse(nanoClock, sink, inFlight, streams, limits, faults, runsItself),
                new DecisionIds(),
                new SnapshotTable(nanoClock, faults));
    }
}
