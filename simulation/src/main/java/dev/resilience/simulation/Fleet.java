package dev.resilience.simulation;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.DoubleStream;

/** Some services that call one dependency, each behind a guard of its own that knows nothing of the others. */
record Fleet(List<Tally> clients, int fromSeconds, int untilSeconds, int endSeconds) {
    static final int CLIENTS = 20;

    /** The last seconds of a fault: what was to be learned has been learned. */
    private static final int SETTLED_SECONDS = 10;

    /** Together they offer what the one service of the setting does, each with as many threads. */
    static Fleet of(Setting setting, Scenario scenario, Guard guard, int clients, long seed) {
        Simulation simulation = new Simulation();
        SplittableRandom random = new SplittableRandom(seed);
        Dependency dependency =
                new Dependency(simulation, setting, scenario.faults(), scenario.dropsCancelled(), random.split());
        List<Tally> tallies = new ArrayList<>();
        for (int client = 0; client < clients; client++) {
            Service service = new Service(setting.threads(), setting.backlog());
            tallies.add(Run.add(simulation, setting, scenario, dependency, guard, service, clients, random.split()));
        }
        Run.toTheEnd(simulation, scenario);
        return new Fleet(tallies, scenario.fromSeconds(), scenario.untilSeconds(), scenario.endSeconds());
    }

    double goodBefore() {
        return rate(fromSeconds - SETTLED_SECONDS, fromSeconds);
    }

    double goodSettled() {
        return rate(untilSeconds - SETTLED_SECONDS, untilSeconds);
    }

    double goodInLastThird() {
        return rate(untilSeconds - (untilSeconds - fromSeconds) / 3, untilSeconds);
    }

    double goodAtEnd() {
        return rate(endSeconds - SETTLED_SECONDS, endSeconds);
    }

    /** What the worst served client got of the mean, while the fault was on and everybody had learned. */
    double leastShare() {
        return perClient().min().orElseThrow() / perClient().average().orElseThrow();
    }

    double greatestShare() {
        return perClient().max().orElseThrow() / perClient().average().orElseThrow();
    }

    /** Seconds of the fault until what all get together is 90 % of what is left, and stays so; infinite if it never does. */
    double convergenceSeconds(double leftRate) {
        int second = untilSeconds;
        // three at a time, as what arrives in a single second is too much of a chance
        while (second - 3 >= fromSeconds && rate(second - 3, second) >= 0.9 * leftRate) {
            second--;
        }
        return second == untilSeconds ? Double.POSITIVE_INFINITY : Math.max(0, second - 2 - fromSeconds);
    }

    private DoubleStream perClient() {
        return clients.stream().mapToDouble(client -> client.good(untilSeconds - SETTLED_SECONDS, untilSeconds));
    }

    private double rate(int from, int until) {
        return clients.stream().mapToDouble(client -> client.good(from, until)).sum();
    }
}
