package dev.resilience.benchmarks;

import dev.resilience.benchmarks.Results.Measured;
import java.util.List;
import java.util.Set;
import java.util.function.ToDoubleFunction;

/** A figure that a row must keep to, and what it is in a run; not a number where the row was not measured. */
record Promise(String what, String bound, double most, ToDoubleFunction<Run> figure) {
    static final List<Promise> ALL = List.of(
            ratio("closed call, every call timed, a breaker", ClosedRows.BREAKER, 1.15),
            ratio("the same, everything on", ClosedRows.EVERYTHING, 1.3),
            bytes("the same", ClosedRows.EVERYTHING, 0),
            new Promise("the same, two threads on one guard", "<= 75 ns", 75, run -> wall(run, ClosedRows.EVERYTHING)),
            new Promise(
                    "the same beside Resilience4j's stack",
                    "<= 1/3",
                    1.0 / 3,
                    run -> wall(run, ClosedRows.EVERYTHING) / wall(run, ClosedRows.PEERS_STACK)),
            nanos("closed call of a hot guard, one in 32 timed, a breaker", ClosedRows.SAMPLED, 8),
            nanos("the same, everything on", ClosedRows.EVERYTHING_SAMPLED, 20),
            bytes("the same", ClosedRows.EVERYTHING_SAMPLED, 0),
            new Promise(
                    "a deadline that is kept",
                    "<= 10 ns",
                    10,
                    run -> cpu(run, DeadlineRows.WITH) - cpu(run, DeadlineRows.WITHOUT)),
            bytes("the same", DeadlineRows.WITH, 0),
            nanos("refusal in the engine", RefusalRows.OPEN, 3),
            bytes("the same", RefusalRows.OPEN, 0),
            nanos("refusal as the exception of java.net.http", RefusalRows.HTTP, 60),
            bytes("the same", RefusalRows.HTTP, 120),
            nanos("refusal as the exception of JDBC", RefusalRows.JDBC, 60),
            bytes("the same", RefusalRows.JDBC, 120));

    /** The rows it takes to tell. */
    static final Set<String> ROWS = Set.of(
            FloorRows.TWO_CLOCKS,
            ClosedRows.BREAKER,
            ClosedRows.EVERYTHING,
            ClosedRows.PEERS_STACK,
            ClosedRows.SAMPLED,
            ClosedRows.EVERYTHING_SAMPLED,
            DeadlineRows.WITHOUT,
            DeadlineRows.WITH,
            RefusalRows.OPEN,
            RefusalRows.HTTP,
            RefusalRows.JDBC);

    boolean isKeptIn(Run run) {
        return figure.applyAsDouble(run) <= most;
    }

    private static Promise ratio(String what, String label, double most) {
        return new Promise(
                what,
                "<= " + Sample.figure(most) + " of two clock reads",
                most,
                run -> cpu(run, label) / cpu(run, FloorRows.TWO_CLOCKS));
    }

    private static Promise nanos(String what, String label, int most) {
        return new Promise(what, "<= " + most + " ns", most, run -> cpu(run, label));
    }

    /** Less than half a byte is what the iteration itself allocates. */
    private static Promise bytes(String what, String label, int most) {
        return new Promise(what, "<= " + most + " B", most + 0.5, run -> {
            Measured measured = run.one().row(label);
            return measured == null ? Double.NaN : measured.bytes().median();
        });
    }

    private static double cpu(Run run, String label) {
        Measured measured = run.one().row(label);
        return measured == null ? Double.NaN : measured.cpu().median();
    }

    private static double wall(Run run, String label) {
        Measured measured = run.two().row(label);
        return measured == null ? Double.NaN : Report.wall(measured).median();
    }
}
