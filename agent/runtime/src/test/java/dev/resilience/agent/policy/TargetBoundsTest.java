package dev.resilience.agent.policy;

import static dev.resilience.agent.policy.Configurations.map;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TargetBoundsTest {
    @ParameterizedTest
    @CsvSource({
        "0, 1, PT1M, max-targets must be 1 to 100000",
        "100001, 1, PT1M, max-targets must be 1 to 100000",
        "1, 0, PT1M, max-routes must be 1 to 100000",
        "1, 100001, PT1M, max-routes must be 1 to 100000",
        "1, 1, PT59.999S, target-idle-for must be 1m to 7d",
        "1, 1, P7DT1S, target-idle-for must be 1m to 7d"
    })
    void saysWhichBoundIsImpossible(int targets, int routes, Duration idleFor, String message) {
        assertThatThrownBy(() -> new TargetBounds(targets, routes, idleFor)).hasMessage(message);
    }

    @Test
    void takesTheBoundsThemselves() {
        assertThat(new TargetBounds(1, 1, Duration.ofMinutes(1))).isNotNull();
        assertThat(new TargetBounds(100_000, 100_000, Duration.ofDays(7))).isNotNull();
    }

    @Test
    void comesFromTheConfigurationAndABadOneOnlyObserves() {
        Loaded good = PolicyLoader.load(
                map(
                        "resilience.max-targets", "20",
                        "resilience.max-routes", "3",
                        "resilience.target-idle-for", "2m"),
                Map.of(),
                null);
        assertThat(good.problems()).isEmpty();
        assertThat(good.policies().bounds()).isEqualTo(new TargetBounds(20, 3, Duration.ofMinutes(2)));

        Loaded bad =
                PolicyLoader.load(map("resilience.max-targets", "0", "resilience.mode", "enforce"), Map.of(), null);
        assertThat(bad.policies().mode()).isEqualTo(Mode.OBSERVE);
        assertThat(bad.policies().bounds()).isEqualTo(TargetBounds.DEFAULTS);
        assertThat(bad.problems()).singleElement().asString().contains("must be 1 to 100000");
    }
}
