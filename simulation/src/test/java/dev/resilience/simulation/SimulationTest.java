package dev.resilience.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SimulationTest {
    private record Happened(long at, int number) {}

    private final Simulation simulation = new Simulation();

    @Test
    void goesByTimeAndThenByTheOrderOfAsking() {
        Random random = new Random(1);
        List<Happened> asked = new ArrayList<>();
        List<Happened> happened = new ArrayList<>();
        for (int i = 0; i < 5_000; i++) {
            Happened event = new Happened(random.nextInt(500), i);
            asked.add(event);
            simulation.at(event.at, now -> happened.add(new Happened(now, event.number)));
        }

        simulation.runUntil(500);

        assertThat(happened)
                .isEqualTo(asked.stream()
                        .sorted(Comparator.comparingLong(Happened::at))
                        .toList());
    }

    @Test
    void leavesWhatComesLaterForLater() {
        List<Long> happened = new ArrayList<>();
        simulation.every(100, happened::add);

        simulation.runUntil(300);
        assertThat(happened).containsExactly(100L, 200L);
        assertThat(simulation.now()).isEqualTo(300);

        simulation.runUntil(301);
        assertThat(happened).containsExactly(100L, 200L, 300L);
    }

    @Test
    void anEventMayAskForOthersAtItsOwnInstant() {
        List<Integer> happened = new ArrayList<>();
        simulation.at(5, now -> {
            happened.add(0);
            IntStream.rangeClosed(1, 3).forEach(i -> simulation.at(now, later -> happened.add(i)));
        });

        simulation.runUntil(6);

        assertThat(happened).containsExactly(0, 1, 2, 3);
    }
}
