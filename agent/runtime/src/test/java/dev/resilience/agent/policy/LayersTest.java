package dev.resilience.agent.policy;

import static dev.resilience.agent.policy.Configurations.policy;
import static dev.resilience.agent.policy.Configurations.properties;
import static org.assertj.core.api.Assertions.assertThat;

import dev.resilience.engine.BreakerConfig;
import dev.resilience.engine.Layers;
import dev.resilience.engine.Strategy;
import java.time.Duration;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class LayersTest {
    private static BreakerConfig breaker(String... pairs) {
        return Objects.requireNonNull(policy(pairs).breaker());
    }

    @Test
    void isTheInstanceAloneUnlessMoreIsSaid() {
        assertThat(breaker("deadline", "1s").layers()).isNull();
        assertThat(breaker("breaker.layers", "instance")).isEqualTo(Policy.DEFAULT_BREAKER);
    }

    @Test
    void ejectsHalfOfTheInstancesUnlessAShareIsGiven() {
        assertThat(breaker("breaker.layers", "instance,service").layers()).isEqualTo(new Layers(true, 0.5, null));
        assertThat(breaker("breaker.layers", "service,instance", "breaker.max-ejection", "10%")
                        .layers())
                .isEqualTo(new Layers(true, 0.1, null));
    }

    @Test
    void givesTheObjectiveItsOwnDefaultsBesideAnyStrategy() {
        Layers layers = Objects.requireNonNull(
                breaker("breaker.layers", "instance,slo", "breaker.slo", "300ms", "breaker.slo-budget", "1%")
                        .layers());

        assertThat(layers.service()).isFalse();
        BreakerConfig slo = Objects.requireNonNull(layers.slo());
        assertThat(slo.openFor()).isEqualTo(Duration.ofSeconds(60));
        assertThat(slo.strategy()).isInstanceOfSatisfying(Strategy.Slo.class, objective -> {
            assertThat(objective.slo()).isEqualTo(Duration.ofMillis(300));
            assertThat(objective.minimumCalls()).isEqualTo(100);
        });
    }

    @Test
    void takesTheWaitOfThePolicyForEveryLayer() {
        BreakerConfig breaker = breaker(
                "breaker.strategy",
                "consecutive",
                "breaker.layers",
                "instance,service,slo",
                "breaker.slo",
                "1s",
                "breaker.open-for",
                "2s");

        assertThat(breaker.openFor()).isEqualTo(Duration.ofSeconds(2));
        assertThat(Objects.requireNonNull(
                                Objects.requireNonNull(breaker.layers()).slo())
                        .openFor())
                .isEqualTo(Duration.ofSeconds(2));
    }

    @Test
    void makesNoServiceOfCallsThatNoPolicyMatches() {
        PolicySet set = properties(
                        "resilience.defaults.breaker.layers",
                        "instance,service",
                        "resilience.policies.p.deadline",
                        "1s")
                .policies();

        assertThat(Objects.requireNonNull(set.defaults().breaker()).layers()).isNull();
        assertThat(Objects.requireNonNull(set.policies().get(0).breaker()).layers())
                .isEqualTo(new Layers(true, 0.5, null));
    }

    @Test
    void leavesTheServiceOutOfAPolicyByRouteThatOnlyTakesItFromDefaults() {
        Loaded loaded = properties(
                "resilience.defaults.breaker.layers", "instance,service", "resilience.policies.p.key", "route");

        assertThat(loaded.problems()).isEmpty();
        assertThat(Objects.requireNonNull(loaded.policies().policies().get(0).breaker())
                        .layers())
                .isNull();
    }
}
