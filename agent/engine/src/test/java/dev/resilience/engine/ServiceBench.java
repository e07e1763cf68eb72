package dev.resilience.engine;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A service and its instances on a clock moved by hand, pulsed as the agent does. */
final class ServiceBench {
    static final BreakerConfig SHORT = new BreakerConfig(
            new Strategy.Consecutive(5), Duration.ofSeconds(1), Duration.ofSeconds(2), 0, 2, 1, Duration.ofSeconds(2));

    static final BreakerConfig SLO = new BreakerConfig(
            new Strategy.Slo(
                    Duration.ofMillis(100),
                    0.05,
                    20,
                    Duration.ofSeconds(1),
                    Duration.ofSeconds(10),
                    10,
                    3,
                    Duration.ofMillis(120)),
            Duration.ofSeconds(2),
            Duration.ofSeconds(2),
            0,
            4,
            0.75,
            Duration.ofSeconds(2));

    final List<String> transitions = Collections.synchronizedList(new ArrayList<>());
    final List<Breaker> instances = new ArrayList<>();
    final Service service;
    final BreakerConfig config;
    long now = 1;

    ServiceBench(int instances, BreakerConfig config, double maxEjection, @Nullable BreakerConfig slo) {
        Layers layers = new Layers(true, maxEjection, slo);
        this.config = config.below(layers);
        this.service = new Service(layers);
        for (int i = 0; i < instances; i++) {
            add();
        }
    }

    Breaker add() {
        int number = instances.size();
        Breaker added = service.add(
                config,
                () -> 0,
                (from, to, counts) -> transitions.add(number + " " + from + ">" + to + " " + counts),
                now);
        instances.add(added);
        return added;
    }

    /** Whether it was admitted. */
    boolean call(int instance, Outcome outcome, Duration latency) {
        Breaker breaker = instances.get(instance);
        long permit = breaker.tryAcquire(now - latency.toNanos());
        breaker.settle(permit, outcome, now);
        return !Breaker.isRefusal(permit);
    }

    boolean call(int instance, Outcome outcome) {
        return call(instance, outcome, Duration.ZERO);
    }

    void calls(int times, int instance, Outcome outcome) {
        for (int i = 0; i < times; i++) {
            call(instance, outcome);
        }
    }

    void pulse() {
        now += 100_000_000;
        instances.forEach(each -> each.pulse(now));
        service.pulse(now);
    }

    /** How many active instances refuse calls. */
    int open() {
        return (int) instances.stream()
                .filter(each -> ((LayeredBreaker) each).isActive() && each.state() != BreakerState.CLOSED)
                .count();
    }

    BreakerState state(int instance) {
        return instances.get(instance).state();
    }
}
