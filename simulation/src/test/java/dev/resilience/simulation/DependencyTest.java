package dev.resilience.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class DependencyTest {
    private static final long MILLIS = 1_000_000;

    private final Simulation simulation = new Simulation();
    private final List<String> ends = new ArrayList<>();

    /** Says how each call ended, and when. */
    private final Policy watching = new Policy() {
        @Override
        public long tryAcquire(long nowNanos) {
            return nowNanos;
        }

        @Override
        public void settle(long permit, End end, long nowNanos) {
            ends.add(end + " after " + (nowNanos - permit) / MILLIS);
        }
    };

    private Route route(Setting setting, List<Fault> faults, boolean dropsCancelled, long timeoutMillis) {
        Dependency dependency = new Dependency(simulation, setting, faults, dropsCancelled, new SplittableRandom(1));
        Service service = new Service(100, 0);
        Route.Client client = new Route.Client(timeoutMillis * MILLIS, 0);
        return new Route(simulation, service, dependency, watching, client, new Tally(1, 2, 1000));
    }

    private static Setting one(int places) {
        return new Setting("one", 1, 1, 100 * MILLIS, 0, places, 100, 0);
    }

    private void arriveAt(Route route, long... millis) {
        for (long at : millis) {
            simulation.at(at * MILLIS, route::arrive);
        }
        simulation.runUntil(100 * Tally.SECOND);
    }

    @Test
    void callsWaitForAServerInTheirOrder() {
        arriveAt(route(one(5), List.of(), true, 1000), 0, 10, 20);

        assertThat(ends).containsExactly("ANSWERED after 100", "ANSWERED after 190", "ANSWERED after 280");
    }

    @Test
    void aCallThatFindsTheQueueFullFailsAtOnce() {
        arriveAt(route(one(1), List.of(), true, 1000), 0, 10, 20);

        assertThat(ends).containsExactly("FAILED after 1", "ANSWERED after 100", "ANSWERED after 190");
    }

    @Test
    void aCallThatWasGivenUpLeavesTheQueue() {
        arriveAt(route(one(5), List.of(), true, 150), 0, 10, 20, 160);

        assertThat(ends)
                .containsExactly(
                        "ANSWERED after 100", "TIMED_OUT after 150", "TIMED_OUT after 150", "ANSWERED after 140");
    }

    @Test
    void orItStaysAndCostsTheNextItsTime() {
        arriveAt(route(one(5), List.of(), false, 150), 0, 10, 20, 160);

        assertThat(ends)
                .containsExactly(
                        "ANSWERED after 100", "TIMED_OUT after 150", "TIMED_OUT after 150", "TIMED_OUT after 150");
    }

    @Test
    void aSlowDependencyTakesLonger() {
        List<Fault> faults = List.of(new Fault(Fault.Kind.SLOW, 4, 0, 1000 * MILLIS));

        arriveAt(route(one(5), faults, true, 10_000), 0, 2000);

        assertThat(ends).containsExactly("ANSWERED after 400", "ANSWERED after 100");
    }

    @Test
    void aWarmUpEndsLittleByLittle() {
        List<Fault> faults = List.of(new Fault(Fault.Kind.WARM_UP, 5, 0, 1000 * MILLIS));

        arriveAt(route(one(5), faults, true, 10_000), 0, 750, 1500);

        assertThat(ends).containsExactly("ANSWERED after 500", "ANSWERED after 200", "ANSWERED after 100");
    }

    @Test
    void aHangSwallowsCallsAndTheAnswersToEarlierOnes() {
        List<Fault> faults = List.of(new Fault(Fault.Kind.HANG, 0, 50 * MILLIS, 500 * MILLIS));

        arriveAt(route(one(5), faults, true, 10_000), 0, 300, 600);

        assertThat(ends).containsExactly("ANSWERED after 100", "TIMED_OUT after 10000", "TIMED_OUT after 10000");
    }

    @Test
    void aRefusalComesAtOnce() {
        List<Fault> faults = List.of(new Fault(Fault.Kind.REFUSE, 0, 0, 500 * MILLIS));

        arriveAt(route(one(5), faults, true, 10_000), 0, 600);

        assertThat(ends).containsExactly("FAILED after 1", "ANSWERED after 100");
    }

    /** What Pollaczek and Khinchine say of one server: the mean wait is λ E[S²] / (2 (1 - ρ)). */
    @Test
    void waitsAreThoseOfQueueingTheory() {
        double rate = 70;
        double sigma = 0.5;
        Setting setting = new Setting("theory", rate, 1, 10 * MILLIS, sigma, 1_000_000, 1_000_000, 0);
        Dependency dependency = new Dependency(simulation, setting, List.of(), true, new SplittableRandom(2));
        long[] total = new long[2];
        Policy timing = new Policy() {
            @Override
            public long tryAcquire(long nowNanos) {
                return nowNanos;
            }

            @Override
            public void settle(long permit, End end, long nowNanos) {
                total[0]++;
                total[1] += nowNanos - permit;
            }
        };
        Route route = new Route(
                simulation,
                new Service(1_000_000, 0),
                dependency,
                timing,
                Route.Client.PATIENT,
                new Tally(1, 2, 10_000));
        Run.arrivals(simulation, route, rate, 10_000 * Tally.SECOND, new SplittableRandom(3));
        simulation.runUntil(10_010 * Tally.SECOND);

        double mean = 0.01;
        double meanSquare = mean * mean * Math.exp(sigma * sigma);
        double expected = mean + rate * meanSquare / (2 * (1 - rate * mean));
        assertThat(total[1] / 1e9 / total[0]).isCloseTo(expected, within(0.03 * expected));
        assertThat(total[0]).isEqualTo(dependency.served());
    }
}
