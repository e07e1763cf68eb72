package dev.resilience.simulation;

import java.util.List;
import java.util.SplittableRandom;

/** One run of a scenario in a setting, under one policy: the same seed, the same result. */
record Run(Tally sick, Tally healthy, long events) {
    /** How long what is under way at the end may take. */
    private static final long DRAIN_NANOS = 5 * Tally.SECOND;

    static Run of(Setting setting, Scenario scenario, Guard guard, long seed) {
        Simulation simulation = new Simulation();
        SplittableRandom random = new SplittableRandom(seed);
        int threads = scenario.threads() == 0 ? setting.threads() : scenario.threads();
        Service service = new Service(threads, setting.backlog());
        Dependency sickOne =
                new Dependency(simulation, setting, scenario.faults(), scenario.dropsCancelled(), random.split());
        Dependency healthyOne =
                new Dependency(simulation, setting, List.of(), scenario.dropsCancelled(), random.split());
        Tally sick = add(simulation, setting, scenario, sickOne, guard, service, 1, random.split());
        Tally healthy = add(simulation, setting, scenario, healthyOne, guard, service, 1, random.split());
        toTheEnd(simulation, scenario);
        return new Run(sick, healthy, simulation.events());
    }

    static void toTheEnd(Simulation simulation, Scenario scenario) {
        simulation.runUntil(scenario.endSeconds() * Tally.SECOND + DRAIN_NANOS);
    }

    /** Adds a way from the service to the dependency, and one of so many parts of the requests for it. */
    static Tally add(
            Simulation simulation,
            Setting setting,
            Scenario scenario,
            Dependency dependency,
            Guard guard,
            Service service,
            int parts,
            SplittableRandom random) {
        Tally tally = new Tally(scenario.fromSeconds(), scenario.untilSeconds(), scenario.endSeconds());
        Policy policy = guard.policy(simulation, random.split());
        Route route = new Route(simulation, service, dependency, policy, scenario.client(), tally);
        arrivals(simulation, route, setting.rate() / parts, scenario.endSeconds() * Tally.SECOND, random);
        return tally;
    }

    /** Requests that come when they come, however the earlier ones fare. */
    static void arrivals(Simulation simulation, Route route, double rate, long endNanos, SplittableRandom random) {
        simulation.at(gap(random, rate), new Simulation.Event() {
            @Override
            public void happen(long nowNanos) {
                if (nowNanos < endNanos) {
                    route.arrive(nowNanos);
                    simulation.at(nowNanos + gap(random, rate), this);
                }
            }
        });
    }

    private static long gap(SplittableRandom random, double rate) {
        return (long) (random.nextExponential() / rate * Tally.SECOND);
    }
}
