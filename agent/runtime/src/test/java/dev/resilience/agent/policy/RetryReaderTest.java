package dev.resilience.agent.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.resilience.agent.policy.Setting.Layer;
import dev.resilience.agent.strategy.Strategies;
import dev.resilience.engine.Backoff;
import dev.resilience.engine.RetryConfig;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RetryReaderTest {
    private static final Match HTTP =
            new Match(Protocol.HTTP, null, List.of(), List.of(), null, null, null, null, null);

    private final Draft draft = new Draft();
    private final Section own = draft.policy("p", "a file", "policies.p");

    private void say(Section section, String pairs) {
        for (String pair : pairs.split(" ", -1)) {
            String key = "retry." + pair.substring(0, pair.indexOf('='));
            section.put(Setting.of(key, pair.substring(pair.indexOf('=') + 1), Layer.FILE, "a file", key));
        }
    }

    private @Nullable Retries read(Match match) {
        Strategies none = new Strategies((message, fault) -> {});
        return new RetryReader(new PolicyReader("p", own, draft, none, new HashSet<>())).read(match);
    }

    private @Nullable Retries read(String pairs) {
        say(own, pairs);
        return read(Match.ALL);
    }

    private List<String> problems() {
        return draft.problems.stream().map(Problem::toString).toList();
    }

    private static RetryConfig config(int attempts, String backoff, String most, double budget) {
        return new RetryConfig(attempts, new Backoff(Duration.parse(backoff), Duration.parse(most)), budget);
    }

    @Test
    void makesNothingAgainUnlessTold() {
        assertThat(read(Match.ALL)).isNull();
        assertThat(problems()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "attempts=2, 2, PT0.01S, PT1S, 0.1",
        "attempts=10 budget=0.1%, 10, PT0.01S, PT1S, 0.001",
        "attempts=3 budget=100%, 3, PT0.01S, PT1S, 1",
        "attempts=3 backoff=1ms, 3, PT0.001S, PT1S, 0.1",
        "attempts=3 backoff=5s, 3, PT5S, PT5S, 0.1",
        "attempts=3 backoff=50ms max-backoff=50ms, 3, PT0.05S, PT0.05S, 0.1",
        "attempts=3 backoff=1m max-backoff=1h, 3, PT1M, PT1H, 0.1",
    })
    void readsWhatIsSaidAndTakesTheRestFromItsDefaults(
            String pairs, int attempts, String backoff, String most, double budget) {
        assertThat(read(pairs)).isEqualTo(new Retries(config(attempts, backoff, most, budget), List.of()));
        assertThat(problems()).isEmpty();
    }

    @Test
    void takesWhatItDoesNotSayFromDefaults() {
        say(draft.defaults, "attempts=4 budget=20%");

        assertThat(read("budget=5%")).isEqualTo(new Retries(config(4, "PT0.01S", "PT1S", 0.05), List.of()));
        assertThat(read("attempts=off")).isNull();
    }

    @Test
    void knowsWhichMethodsMayBeMadeTwice() {
        Retries retries = Objects.requireNonNull(read("attempts=2 methods=shop.Stock/Get*,shop.v1.**/List"));

        assertThat(retries.isIdempotent("shop.Stock", "Get")).isTrue();
        assertThat(retries.isIdempotent("shop.Stock", "GetAll")).isTrue();
        assertThat(retries.isIdempotent("shop.Stock", "Set")).isFalse();
        assertThat(retries.isIdempotent("shop.stock", "Get")).isFalse();
        assertThat(retries.isIdempotent("other.shop.Stock", "Get")).isFalse();
        assertThat(retries.isIdempotent("shop.v1.deep.Orders", "List")).isTrue();
        assertThat(new Retries(retries.config(), List.of()).isIdempotent("shop.Stock", "Get"))
                .isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "attempts=1; retry.attempts = 1: must be 2 to 10",
                "attempts=11; retry.attempts = 11: must be 2 to 10",
                "attempts=two; retry.attempts = two: must be a whole number",
                "attempts=; retry.attempts = \"\": must be a whole number",
                "attempts=2 backoff=10; retry.backoff = 10: must be a duration with its unit (ms, s, m, h, d), for example 800ms",
                "attempts=2 backoff=0ms; retry.backoff = 0ms: must be 1ms to 1m",
                "attempts=2 backoff=2m; retry.backoff = 2m: must be 1ms to 1m",
                "attempts=2 max-backoff=5ms; retry.max-backoff = 5ms: must be backoff to 1h",
                "attempts=2 max-backoff=2h; retry.max-backoff = 2h: must be backoff to 1h",
                "attempts=2 budget=10; retry.budget = 10: must be a share with its %, for example 50%",
                "attempts=2 budget=0%; retry.budget = 0%: must be 0.1% to 100%",
                "attempts=2 budget=101%; retry.budget = 101%: must be 0.1% to 100%",
                "attempts=2 methods=Get; retry.methods = Get: must be a method of gRPC with its service, or a list of them, for example shop.Stock/Get*",
                "attempts=2 methods=a/b/c; retry.methods = a/b/c: must be a method of gRPC with its service, or a list of them, for example shop.Stock/Get*",
                "attempts=2 methods=/Get; retry.methods = /Get: must be a method of gRPC with its service, or a list of them, for example shop.Stock/Get*",
                "attempts=2 methods=a/; retry.methods = a/: must be a method of gRPC with its service, or a list of them, for example shop.Stock/Get*",
                "attempts=2 methods=; retry.methods = \"\": must be a method of gRPC with its service, or a list of them",
            })
    void saysWhatWouldBeRight(String pairs, String expected) {
        read(pairs);

        assertThat(problems()).containsExactly("error in a file: " + expected + "; policy p only observes");
    }

    @ParameterizedTest
    @ValueSource(strings = {"backoff=5ms", "max-backoff=5s", "budget=5%", "methods=a/b", "attempts=off budget=5%"})
    void warnsOfWhatHasNoEffect(String pairs) {
        assertThat(read(pairs)).isNull();
        assertThat(problems())
                .singleElement()
                .asString()
                .startsWith("warning in a file: retry.")
                .endsWith(": has no effect without attempts");
    }

    @Test
    void hasMethodsOnlyWhereThereIsGrpc() {
        say(own, "attempts=2 methods=a/b");

        read(HTTP);

        assertThat(problems())
                .containsExactly(
                        "error in a file: retry.methods = a/b: must be left out: methods are of gRPC, which this "
                                + "policy does not guard; policy p only observes");
    }

    @Test
    void leavesMethodsOfDefaultsToOthers() {
        say(draft.defaults, "attempts=2 methods=a/b");

        assertThat(read(HTTP)).isNotNull();
        assertThat(problems()).isEmpty();
    }
}
