package dev.resilience.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class RunTest {
    static List<Guard> guards() {
        return Guard.ALL;
    }

    @ParameterizedTest
    @MethodSource("guards")
    void theSameSeedGivesTheSameResult(Guard guard) {
        String once = result(guard, 7);

        assertThat(result(guard, 7)).isEqualTo(once);
        assertThat(result(guard, 8)).isNotEqualTo(once);
    }

    private static String result(Guard guard, long seed) {
        Run run = Run.of(Setting.SMALL, Scenario.OUTAGE, guard, seed);
        return run.events() + " events, A " + run.sick() + ", B " + run.healthy();
    }

    /** CPU time, as others may have the machine; the first run is the compiler's, and a later one may be too. */
    @Test
    void simulatesAMillionEventsPerSecond() {
        Run.of(Setting.MEDIUM, Scenario.BROWNOUT, Guard.BARE, 1);
        double best = 0;
        for (int i = 0; i < 10 && best <= 1e6; i++) {
            long before = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
            Run run = Run.of(Setting.MEDIUM, Scenario.HANG, Guard.BARE, 1);
            long nanos = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - before;
            best = Math.max(best, run.events() * 1e9 / nanos);
        }

        assertThat(best).isGreaterThan(1e6);
    }
}
