package dev.resilience.scenarios;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class BuildTest {
    private static final List<Build> ALL = List.of(Build.values());

    @Test
    void everyOtherRoundRunsBackwards() {
        assertThat(Build.ofRound(0, 5, ALL)).containsExactly(Build.BARE, Build.TUNED, Build.AGENT);
        assertThat(Build.ofRound(1, 5, ALL)).containsExactly(Build.AGENT, Build.TUNED, Build.DEFAULTS, Build.BARE);
    }

    @Test
    void aSingleRoundHasAll() {
        assertThat(Build.ofRound(0, 1, ALL)).containsExactly(Build.BARE, Build.DEFAULTS, Build.TUNED, Build.AGENT);
    }

    @Test
    void onlyThoseChosenRun() {
        assertThat(Build.ofRound(1, 2, List.of(Build.BARE, Build.AGENT))).containsExactly(Build.AGENT, Build.BARE);
    }
}
