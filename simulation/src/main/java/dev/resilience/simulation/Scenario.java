package dev.resilience.simulation;

import java.util.List;

/**
 * What happens to dependency A, and to whom.
 *
 * @param client how the application's own client is set
 * @param threads of the service, whatever its setting says; 0 for what it says
 * @param dropsCancelled whether a call that its caller gave up leaves the dependency's queue
 * @param fromSeconds when the fault begins
 * @param untilSeconds when it is over; what of it comes later (a warm-up) belongs to the recovery
 * @param endSeconds when no more requests come
 */
record Scenario(
        String name,
        List<Fault> faults,
        Route.Client client,
        int threads,
        boolean dropsCancelled,
        int fromSeconds,
        int untilSeconds,
        int endSeconds) {

    static final int MANY_THREADS = 10_000;
    private static final int FROM = 20;
    private static final int UNTIL = 50;
    private static final int END = 90;
    private static final int WARM = 70;

    static final Scenario HEALTHY = of("healthy", List.of());
    static final Scenario BROWNOUT = of("brownout", List.of(fault(Fault.Kind.SLOW, 4, FROM, UNTIL)));
    /** Long enough for many clients to outbid each other. */
    static final Scenario LONG_BROWNOUT = new Scenario(
            "long brownout",
            List.of(fault(Fault.Kind.SLOW, 4, FROM, 320)),
            Route.Client.USUAL,
            0,
            true,
            FROM,
            320,
            360);

    static final Scenario HANG = of("hang", List.of(fault(Fault.Kind.HANG, 0, FROM, UNTIL)));
    static final Scenario FAST_FAILURES = of("fast failures", List.of(fault(Fault.Kind.REFUSE, 0, FROM, UNTIL)));
    static final Scenario ERRORS = of("30 % errors", List.of(fault(Fault.Kind.ERRORS, 0.3, FROM, UNTIL)));
    static final Scenario OUTAGE = of(
            "outage, slow warm-up",
            List.of(fault(Fault.Kind.REFUSE, 0, FROM, UNTIL), fault(Fault.Kind.WARM_UP, 6, UNTIL, WARM)));
    static final Scenario PATIENT_HANG = HANG.patient();
    static final Scenario PATIENT_BROWNOUT = BROWNOUT.patient();

    /** Many threads, and a dependency that works on what nobody waits for any more: what retries keep alive. */
    static final Scenario RETRY_STORM =
            new Scenario("retry storm", BROWNOUT.faults, Route.Client.USUAL, MANY_THREADS, false, FROM, UNTIL, END);

    /** The same with so many retries of the application's own. */
    Scenario with(Route.Client own) {
        return new Scenario(name, faults, own, threads, dropsCancelled, fromSeconds, untilSeconds, endSeconds);
    }

    static final List<Scenario> ALL = List.of(
            HEALTHY, BROWNOUT, PATIENT_BROWNOUT, HANG, PATIENT_HANG, FAST_FAILURES, ERRORS, OUTAGE, RETRY_STORM);

    private static Scenario of(String name, List<Fault> faults) {
        return new Scenario(name, faults, Route.Client.USUAL, 0, true, FROM, UNTIL, END);
    }

    static Fault fault(Fault.Kind kind, double size, int fromSeconds, int untilSeconds) {
        return new Fault(kind, size, fromSeconds * Tally.SECOND, untilSeconds * Tally.SECOND);
    }

    private Scenario patient() {
        return new Scenario(
                name + ", no timeouts",
                faults,
                Route.Client.PATIENT,
                threads,
                dropsCancelled,
                fromSeconds,
                untilSeconds,
                endSeconds);
    }
}
