package dev.resilience.agent.guard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.resilience.agent.policy.Deadline;
import dev.resilience.agent.policy.FailureRules;
import dev.resilience.agent.policy.Glob;
import dev.resilience.agent.policy.Key;
import dev.resilience.agent.policy.Loaded;
import dev.resilience.agent.policy.Match;
import dev.resilience.agent.policy.Mode;
import dev.resilience.agent.policy.Policy;
import dev.resilience.agent.policy.PolicyLoader;
import dev.resilience.agent.policy.PolicySet;
import dev.resilience.agent.policy.Suggestions;
import dev.resilience.engine.BreakerConfig;
import dev.resilience.engine.ConcurrencyConfig;
import dev.resilience.engine.Mood;
import dev.resilience.engine.Seen;
import dev.resilience.engine.Strategy;
import dev.resilience.engine.Suggestion;
import dev.resilience.instrumentation.api.Ending;
import dev.resilience.instrumentation.api.Guard;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the registry says of policies whose calls it has seen, and that its text means what it says. */
class SuggestionsTest {
    private static final Duration PULSE = Duration.ofMillis(100);
    private static final int STEPS = 10;
    private static final BreakerConfig ADAPTIVE = BreakerConfig.of(Strategy.Adaptive.DEFAULT);

    private final ManualClock clock = new ManualClock();
    private final Machinery machinery = Machinery.byHand(clock, unheard(), new FaultLog(line -> {
        throw new AssertionError(line);
    }));
    private final Random random = new Random(1);

    @TempDir
    private Path directory;

    private static Recorder unheard() {
        Recorder recorder = new Recorder();
        recorder.tracing = false;
        return recorder;
    }

    private record UnderWay(long end, Guard guard, FakeCall call) {}

    private static Policy policy(
            String name, String host, Mode mode, BreakerConfig breaker, @Nullable Duration deadline) {
        Match match = new Match(null, Glob.host(host), List.of(), List.of(), null, null, null, null, null);
        return new Policy(name, mode, match, Key.HOST, breaker, FailureRules.DEFAULTS, deadline, null, Set.of());
    }

    private static PolicySet set(Policy defaults, Policy... policies) {
        return new PolicySet(List.of(policies), defaults, Mode.OBSERVE, Duration.ofSeconds(1));
    }

    private GuardRegistry registry(Policy... policies) {
        return new GuardRegistry(set(PolicySet.DEFAULTS.defaults(), policies), machinery, line -> {});
    }

    /** Some 50 calls a second to each of these hosts; one in a hundred fails. */
    private void call(GuardRegistry registry, Duration time, String... hosts) {
        PriorityQueue<UnderWay> underWay = new PriorityQueue<>((a, b) -> Long.compare(a.end - b.end, 0));
        for (long pulse = time.dividedBy(PULSE); pulse > 0; pulse--) {
            for (int step = 0; step < STEPS; step++) {
                for (String host : hosts) {
                    if (random.nextInt(2) == 0) {
                        Guard guard = Objects.requireNonNull(registry.http("GET", URI.create("http://" + host + "/")));
                        FakeCall call = new FakeCall();
                        assertThat(guard.tryAcquire(call)).isNull();
                        underWay.add(new UnderWay(clock.getAsLong() + latency(), guard, call));
                    }
                }
                settle(underWay, clock.getAsLong() + PULSE.toNanos() / STEPS);
            }
            machinery.pulse().beat();
        }
    }

    private void settle(PriorityQueue<UnderWay> underWay, long until) {
        while (!underWay.isEmpty() && underWay.element().end - until <= 0) {
            UnderWay done = underWay.remove();
            clock.advance(Duration.ofNanos(done.end - clock.getAsLong()));
            done.guard.settle(done.call, random.nextInt(100) == 0 ? Ending.status(503) : Ending.OK);
        }
        clock.advance(Duration.ofNanos(until - clock.getAsLong()));
    }

    private long latency() {
        return (long) (20e6 * Math.exp(0.5 * random.nextGaussian()));
    }

    private Loaded loaded(String yaml) throws IOException {
        Path file = Files.writeString(directory.resolve("suggested.yaml"), yaml);
        return PolicyLoader.load(Map.of(), Map.of(), file);
    }

    private static Suggestions.Watched watched(Suggestions suggestions, String name) {
        return suggestions.policies().stream()
                .filter(each -> each.policy().name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    @ParameterizedTest
    @EnumSource
    void theTextIsAPolicyOfTheSameValues(Mood mood) throws IOException {
        GuardRegistry registry = registry(policy("pay-ments", "pay", Mode.OBSERVE, ADAPTIVE, null));
        call(registry, Duration.ofMinutes(6), "pay", "elsewhere");
        Suggestions suggestions = registry.suggestions();

        String yaml = suggestions.yamlWithThresholds(mood);
        Loaded loaded = loaded(yaml);
        assertThat(loaded.problems()).as(yaml).isEmpty();
        assertThat(loaded.policies().policies()).hasSize(1);
        for (Policy parsed : List.of(
                loaded.policies().defaults(), loaded.policies().policies().get(0))) {
            Suggestion said =
                    Objects.requireNonNull(watched(suggestions, parsed.name()).suggestion(mood));
            assertThat(parsed.deadline()).isEqualTo(new Deadline.Fixed(said.deadline()));
            assertThat(parsed.limit().concurrency()).isEqualTo(new ConcurrencyConfig.Fixed(said.concurrency()));
            assertThat(Objects.requireNonNull(parsed.breaker()).strategy()).isEqualTo(said.thresholds());
        }
    }

    @ParameterizedTest
    @EnumSource
    void theTextThatKeepsTheStrategyIsAdaptiveWithABound(Mood mood) throws IOException {
        GuardRegistry registry = registry(policy("payments", "pay", Mode.OBSERVE, ADAPTIVE, null));
        call(registry, Duration.ofMinutes(6), "pay");
        Suggestion said = Objects.requireNonNull(
                watched(registry.suggestions(), "payments").suggestion(mood));

        String yaml = registry.suggestions().yaml(mood);
        Loaded loaded = loaded(yaml);
        assertThat(loaded.problems()).as(yaml).isEmpty();
        Policy parsed = loaded.policies().policies().get(0);
        assertThat(parsed.deadline()).isEqualTo(new Deadline.Fixed(said.deadline()));
        assertThat(Objects.requireNonNull(parsed.breaker()).strategy())
                .isEqualTo(new Strategy.Adaptive(true, true, 2, said.concurrency()));
        assertThat(yaml)
                .contains("# " + mood.name().toLowerCase(Locale.ROOT) + ", seen under sustained load, sureness low: ")
                .contains("# defaults: not enough seen yet, missing: any call");
    }

    @Test
    void saysWhatIsMissingRatherThanGuess() throws IOException {
        GuardRegistry registry = registry(
                policy("payments", "pay", Mode.OBSERVE, ADAPTIVE, null),
                policy("windowed", "win", Mode.OBSERVE, Policies.TIME_WINDOW, null));
        call(registry, Duration.ofSeconds(60), "pay", "win");

        String yaml = registry.suggestions().yaml(Mood.AGGRESSIVE);

        assertThat(watched(registry.suggestions(), "payments").suggestion(Mood.AGGRESSIVE))
                .isNull();
        assertThat(yaml)
                .containsPattern("# payments: not enough seen yet, missing: [0-9]+ of 3688 successful calls timed; "
                        + "[45]0s of 300s with calls and nothing amiss")
                .contains("# windowed: not enough seen yet, missing: the latency of its calls");
        assertThat(loaded(yaml).problems()).isEmpty();
    }

    @Test
    void neverSuggestsLessThanADeadlineThatCuts() {
        Duration inForce = Duration.ofSeconds(5);
        GuardRegistry registry = registry(
                policy("cut", "cut", Mode.ENFORCE, ADAPTIVE, inForce),
                policy("seen", "seen", Mode.OBSERVE, ADAPTIVE, inForce));
        call(registry, Duration.ofMinutes(6), "cut", "seen");
        Suggestions suggestions = registry.suggestions();

        assertThat(Objects.requireNonNull(watched(suggestions, "cut").suggestion(Mood.AGGRESSIVE))
                        .deadline())
                .isEqualTo(inForce);
        assertThat(Objects.requireNonNull(watched(suggestions, "seen").suggestion(Mood.AGGRESSIVE))
                        .deadline())
                .isLessThan(Duration.ofSeconds(1));
    }

    @Test
    void theTargetsOfAPolicyAreSeenTogetherAndLimitedApart() {
        GuardRegistry one = registry(policy("p", "**", Mode.OBSERVE, ADAPTIVE, null));
        call(one, Duration.ofMinutes(6), "a", "b", "c", "d");
        Seen seen = Objects.requireNonNull(watched(one.suggestions(), "p").seen());

        assertThat(seen.rate()).isBetween(180.0, 220.0);
        assertThat(seen.peakInFlight()).isLessThanOrEqualTo(10);
    }

    @Test
    void aReloadForgetsWhatWasSeenOfPoliciesThatChanged() {
        Policy kept = policy("kept", "kept", Mode.OBSERVE, ADAPTIVE, null);
        GuardRegistry registry = registry(kept, policy("changed", "changed", Mode.OBSERVE, ADAPTIVE, null));
        call(registry, Duration.ofSeconds(30), "kept", "changed");

        registry.reload(set(
                PolicySet.DEFAULTS.defaults(),
                policy("kept", "kept", Mode.OBSERVE, ADAPTIVE, null),
                policy("changed", "changed", Mode.ENFORCE, ADAPTIVE, null)));

        assertThat(watched(registry.suggestions(), "kept").seen()).isNotNull();
        assertThat(watched(registry.suggestions(), "changed").seen()).isNull();
    }

    @Test
    void appliesNothing() {
        GuardRegistry registry = registry(policy("payments", "pay", Mode.ENFORCE, ADAPTIVE, null));
        PolicySet before = registry.policies();
        call(registry, Duration.ofMinutes(6), "pay");
        registry.suggestions().yaml(Mood.AGGRESSIVE);

        assertThat(registry.policies()).isSameAs(before);
        assertThat(Objects.requireNonNull(registry.guards().get(0).circuit()).config())
                .isEqualTo(ADAPTIVE);
    }
}
