package dev.resilience.scenarios;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;

/** When users ask for which page, whatever becomes of it: two seeded Poisson processes. */
final class Schedule {
    private Schedule() {}

    /** One request to come. */
    record Arrival(long nanos, char page) {}

    /**
     * Arrivals in the order of time, until {@code to}. From {@code -warmUp} to zero the rates, which are per second, grow
     * from nothing: a JVM that meets its full load cold has not the fault that is to be measured, but another one.
     */
    static List<Arrival> of(double rateOfA, double rateOfB, long warmUp, long to, long seed) {
        List<Arrival> arrivals = new ArrayList<>();
        add(arrivals, 'a', rateOfA / 1e9, warmUp, to, new Random(seed));
        add(arrivals, 'b', rateOfB / 1e9, warmUp, to, new Random(~seed));
        arrivals.sort(Comparator.comparingLong(Arrival::nanos));
        return Collections.unmodifiableList(arrivals);
    }

    private static void add(List<Arrival> arrivals, char page, double rate, long warmUp, long to, Random random) {
        double inWarmUp = rate * warmUp / 2;
        double expected = 0; // arrivals until now
        while (true) {
            expected -= Math.log(1 - random.nextDouble());
            double at = expected < inWarmUp
                    ? Math.sqrt(2 * warmUp * expected / rate) - warmUp
                    : (expected - inWarmUp) / rate;
            if (at >= to) {
                return;
            }
            arrivals.add(new Arrival((long) at, page));
        }
    }
}
