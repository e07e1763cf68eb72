package dev.resilience.agent.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.resilience.agent.strategy.Strategies;
import dev.resilience.agent.strategy.StrategyJar;
import dev.resilience.engine.Breaker;
import dev.resilience.engine.BreakerConfig;
import dev.resilience.engine.BreakerState;
import dev.resilience.engine.Outcome;
import dev.resilience.engine.Strategy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Strategies that others wrote, from jars compiled here. */
class ForeignStrategyTest {
    @TempDir
    Path directory;

    private final List<String> faults = new ArrayList<>();
    private final Strategies strategies = new Strategies((site, fault) -> faults.add(site + " " + fault));
    private Path jar = Path.of("");

    @BeforeEach
    void compile() throws Exception {
        jar = StrategyJar.budget(directory);
    }

    private Loaded load(Path strategy, String... pairs) {
        Map<String, String> properties = new HashMap<>();
        properties.put("resilience.mode", "enforce");
        properties.put("resilience.strategies", strategy.toString());
        for (int i = 0; i < pairs.length; i += 2) {
            properties.put("resilience.policies.p." + pairs[i], pairs[i + 1]);
        }
        return PolicyLoader.load(strategies, properties, Map.of(), null);
    }

    private static BreakerConfig breaker(Loaded loaded) {
        assertThat(loaded.problems()).isEmpty();
        return Objects.requireNonNull(loaded.policies().policies().get(0).breaker());
    }

    private static void fail(Breaker breaker, int calls) {
        for (int i = 0; i < calls; i++) {
            breaker.settle(breaker.tryAcquire(1), Outcome.FAILURE, 1);
        }
        breaker.pulse(100_000_001);
    }

    private static Breaker begin(BreakerConfig config) {
        return Breaker.of(config, () -> 0, (from, to, counts) -> {}, 0);
    }

    @Test
    void tripsWhenItsJudgeSaysSo() {
        Breaker breaker = begin(breaker(
                load(jar, "breaker.strategy", "budget", "breaker.settings.failures", "7", "breaker.open-for", "1s")));
        assertThat(breaker.isAtRest()).isTrue();

        fail(breaker, 7);
        assertThat(breaker.state()).isEqualTo(BreakerState.CLOSED);
        assertThat(breaker.isAtRest()).isFalse();
        fail(breaker, 1);
        assertThat(breaker.state()).isEqualTo(BreakerState.OPEN);
        assertThat(breaker.counts()).isEqualTo("failures=8, budget=7");
        assertThat(faults).isEmpty();
    }

    @Test
    void beginsAnewAfterItHasClosed() {
        Breaker breaker = begin(breaker(load(
                jar,
                "breaker.strategy",
                "budget",
                "breaker.settings.failures",
                "7",
                "breaker.open-for",
                "1s",
                "breaker.probes",
                "1",
                "breaker.jitter",
                "0%")));
        fail(breaker, 8);
        breaker.pulse(2_000_000_000L);
        breaker.settle(breaker.tryAcquire(2_000_000_000L), Outcome.SUCCESS, 2_000_000_001L);
        assertThat(breaker.state()).isEqualTo(BreakerState.CLOSED);

        for (int i = 0; i < 7; i++) {
            breaker.settle(breaker.tryAcquire(2_000_000_002L), Outcome.FAILURE, 2_000_000_002L);
        }
        breaker.pulse(2_100_000_000L);
        assertThat(breaker.state()).isEqualTo(BreakerState.CLOSED);
    }

    @Test
    void isTheSameStrategyAfterAReloadThatDoesNotChangeIt() {
        String[] policy = {"breaker.strategy", "budget", "breaker.settings.failures", "7"};

        assertThat(breaker(load(jar, policy))).isEqualTo(breaker(load(jar, policy)));
        policy[3] = "8";
        assertThat(breaker(load(jar, policy))).isNotEqualTo(breaker(load(jar, "breaker.strategy", "budget")));
    }

    @Test
    void readsItFromAFileWithItsSettings() {
        Path file = Configurations.file(directory, """
                strategies: [budget.jar]
                defaults:
                  breaker: { strategy: budget, settings: { failures: 3 } }
                policies:
                  p:
                    breaker: { settings: { failures: 4 } }
                  q:
                    deadline: 1s
                """);

        Loaded loaded = PolicyLoader.load(strategies, Map.of(), Map.of(), file);

        assertThat(loaded.problems()).isEmpty();
        assertThat(loaded.policies().policies())
                .extracting(policy -> ((Strategy.Foreign)
                                Objects.requireNonNull(policy.breaker()).strategy())
                        .settings())
                .containsExactly(Map.of("failures", "4"), Map.of("failures", "3"));
    }

    @Test
    void readsItFromTheEnvironment() {
        Loaded loaded = PolicyLoader.load(
                strategies,
                Map.of(),
                Map.of(
                        "RESILIENCE_STRATEGIES",
                        jar.toString(),
                        "RESILIENCE_POLICIES_P_BREAKER_STRATEGY",
                        "budget",
                        "RESILIENCE_POLICIES_P_BREAKER_SETTINGS_FAILURES",
                        "9"),
                null);

        assertThat(breaker(loaded).strategy())
                .isInstanceOfSatisfying(
                        Strategy.Foreign.class,
                        foreign -> assertThat(foreign.settings()).isEqualTo(Map.of("failures", "9")));
    }

    @Test
    void saysWhatItDoesNotUnderstandWhereItStands() {
        Loaded loaded = load(jar, "breaker.strategy", "budget", "breaker.settings.failures", "none");

        assertThat(loaded.problems())
                .extracting(Problem::toString)
                .containsExactly(
                        "error in system property: resilience.policies.p.breaker.settings.failures = none: must be"
                                + " a number, 1 to 1000; policy p only observes");
        assertThat(loaded.policies().policies().get(0).mode()).isEqualTo(Mode.OBSERVE);
    }

    @Test
    void warnsOfSettingsAndKeysThatNobodyAsksFor() {
        Loaded loaded =
                load(jar, "breaker.strategy", "budget", "breaker.settings.failure", "3", "breaker.minimum-calls", "5");

        assertThat(loaded.problems())
                .extracting(Problem::toString)
                .containsExactlyInAnyOrder(
                        "warning in system property: resilience.policies.p.breaker.settings.failure = 3: is no setting of"
                                + " strategy budget",
                        "warning in system property: resilience.policies.p.breaker.minimum-calls = 5: has no effect with"
                                + " strategy budget");
        assertThat(load(jar, "breaker.settings.x", "1").problems())
                .extracting(Problem::toString)
                .containsExactly(
                        "warning in system property: resilience.policies.p.breaker.settings.x = 1: has no effect"
                                + " with strategy adaptive");
    }

    @Test
    void namesTheStrategiesThereAreWhenItIsNone() {
        assertThat(load(jar, "breaker.strategy", "buget").problems())
                .extracting(Problem::toString)
                .containsExactly("error in system property: resilience.policies.p.breaker.strategy = buget: must be"
                        + " adaptive, consecutive, time-window, count-window, ewma, two-dimension, slo or off, or of the"
                        + " strategies given: budget; policy p only observes");
    }

    @Test
    void refusesWhatWasBuiltForAnotherVersion() throws Exception {
        Path future =
                StrategyJar.of(directory, "future", StrategyJar.BUDGET.replace("return API_VERSION;", "return 2;"));

        Loaded loaded = load(future, "breaker.strategy", "budget");

        assertThat(loaded.problems().get(0).toString())
                .isEqualTo("error in system property: resilience.strategies = " + shown(future)
                        + ": must be a list of jars with strategies; " + future
                        + " was built for version 2 of strategies, and this agent understands version 1; policies that"
                        + " name a strategy of it only observe");
        assertThat(loaded.policies().policies().get(0).mode()).isEqualTo(Mode.OBSERVE);
        assertThat(loaded.policies().defaults().mode()).isEqualTo(Mode.ENFORCE);
    }

    private static String shown(Path path) {
        return path.toString().length() > 80 ? path.toString().substring(0, 80) + "..." : path.toString();
    }

    @Test
    void refusesWhatIsNoStrategy() throws Exception {
        Path text = Files.writeString(directory.resolve("text.jar"), "no jar");
        Path ownName = StrategyJar.of(directory, "own", StrategyJar.BUDGET.replace("\"budget\"", "\"ewma\""));
        Path badName = StrategyJar.of(directory, "bad", StrategyJar.BUDGET.replace("\"budget\"", "\"My Budget\""));
        Path broken = StrategyJar.of(
                directory,
                "broken",
                StrategyJar.BUDGET.replace("return API_VERSION;", "throw new NoSuchMethodError();"));

        assertThat(refusal(directory.resolve("missing.jar"))).contains("cannot be read: ");
        assertThat(refusal(text)).contains("cannot be read: ");
        assertThat(refusal(ownName)).contains("has a strategy ewma, and there is another of that name");
        assertThat(refusal(badName)).contains("must have a name of lower case, digits and -, has My Budget");
        assertThat(refusal(broken)).contains("that is no strategy for version 1: java.lang.NoSuchMethodError");
    }

    private String refusal(Path refused) {
        return load(refused, "deadline", "1s").problems().get(0).message();
    }

    @Test
    void seesNeitherTheAgentNorItsLibraries() throws Exception {
        String nosy = StrategyJar.BUDGET.replace(
                "return API_VERSION;",
                "try { Class.forName(\"dev.resilience.agent.policy.Policy\"); throw new Error(\"seen\"); }"
                        + " catch (ClassNotFoundException hidden) { return API_VERSION; }");

        assertThat(load(StrategyJar.of(directory, "nosy", nosy), "breaker.strategy", "budget")
                        .problems())
                .isEmpty();
    }

    @Test
    void admitsAllAfterAFaultAndCountsItOnce() throws Exception {
        Path faulty = StrategyJar.of(
                directory,
                "faulty",
                StrategyJar.BUDGET.replace(
                        "failures += interval.failures();", "if (budget > 0) throw new StackOverflowError();"));
        Breaker breaker = begin(breaker(load(faulty, "breaker.strategy", "budget")));

        fail(breaker, 1000);
        fail(breaker, 1000);

        assertThat(breaker.state()).isEqualTo(BreakerState.CLOSED);
        assertThat(breaker.counts()).isEqualTo("strategy/budget judges nothing");
        assertThat(faults).containsExactly("strategy/budget java.lang.StackOverflowError");
    }

    @Test
    void observesWhenAStrategyFailsToBegin() throws Exception {
        Path faulty = StrategyJar.of(
                directory,
                "faulty",
                StrategyJar.BUDGET.replace(
                        "long budget = ", "if (true) throw new IllegalStateException(); long budget = "));

        Loaded loaded = load(faulty, "breaker.strategy", "budget");

        assertThat(loaded.problems().get(0).toString())
                .contains("must be a strategy that works; this one failed to begin, which is said as a fault");
        assertThat(faults).containsExactly("strategy/budget java.lang.IllegalStateException");
        assertThat(loaded.policies().policies().get(0).mode()).isEqualTo(Mode.OBSERVE);
    }
}
