package dev.resilience.agent.guard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.resilience.agent.policy.Loaded;
import dev.resilience.agent.policy.PolicyLoader;
import dev.resilience.agent.signal.Signal;
import dev.resilience.instrumentation.api.Call;
import dev.resilience.instrumentation.api.Ending;
import dev.resilience.instrumentation.api.Fallback;
import dev.resilience.instrumentation.api.Guard;
import dev.resilience.instrumentation.api.Refusal;
import dev.resilience.instrumentation.api.RequestFacts;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Links of a chain that are for some calls only. */
class ConditionsTest {
    private final ManualClock clock = new ManualClock();
    private final Recorder recorder = new Recorder();
    private final List<String> lines = new ArrayList<>();
    private final Machinery machinery = Machinery.byHand(clock, recorder, new FaultLog(lines::add));

    private Guard guard(String... more) {
        Map<String, String> given = new HashMap<>(Map.of(
                "resilience.mode", "enforce",
                "resilience.defaults.fallback.alternate.uri", "http://backup",
                "resilience.defaults.fallback.alternate.when", "header(\"x-tier\") == \"gold\""));
        for (String each : more) {
            int equals = each.indexOf('=');
            given.put("resilience.defaults.fallback." + each.substring(0, equals), each.substring(equals + 1));
        }
        Loaded loaded = PolicyLoader.load(given, Map.of());
        assertThat(loaded.problems()).isEmpty();
        GuardRegistry registry = new GuardRegistry(loaded.policies(), machinery, lines::add);
        return Objects.requireNonNull(registry.http("GET", URI.create("http://x/a")));
    }

    private static Call of(@Nullable String tier) {
        return of(tier, ChronoUnit.FOREVER.getDuration());
    }

    private static Call of(@Nullable String tier, Duration timeout) {
        return new Call() {
            @Override
            public void cancel(Refusal refusal) {}

            @Override
            public long leftToCallerNanos(long elapsedNanos) {
                return TimeUnit.NANOSECONDS.convert(timeout) - elapsedNanos;
            }

            @Override
            public RequestFacts facts() {
                return new RequestFacts() {
                    @Override
                    public @Nullable String header(String name) {
                        if ("broken".equals(tier)) {
                            throw new AssertionError("broken");
                        }
                        return name.equals("x-tier") ? tier : null;
                    }
                };
            }
        };
    }

    private static @Nullable Fallback fail(Guard guard, Call call) {
        assertThat(guard.tryAcquire(call)).isNull();
        return guard.settle(call, Ending.failed(Ending.IO, new IOException("reset")));
    }

    private List<String> passedOver() {
        return recorder.signals.stream()
                .filter(Signal.FallbackExecuted.class::isInstance)
                .map(Signal.FallbackExecuted.class::cast)
                .filter(Signal.FallbackExecuted::isPassedOver)
                .map(each -> each.type() + " " + each.failure())
                .toList();
    }

    @Test
    void passesOverALinkThatIsNotForTheCall() {
        Guard guard = guard("static.body=x");

        Fallback gold = Objects.requireNonNull(fail(guard, of("gold")));
        assertThat(gold.alternate()).isNotNull();
        assertThat(passedOver()).isEmpty();
        assertThat(Objects.requireNonNull(gold.failed(new IOException("down"))).answer())
                .isNotNull();

        Fallback rest = Objects.requireNonNull(fail(guard, of(null)));
        assertThat(rest.answer()).isNotNull();
        assertThat(passedOver()).containsExactly("alternate condition_not_met");
        assertThat(lines).isEmpty();
    }

    @Test
    void leavesACallAsItIsWhereNoLinkIsForIt() {
        Guard guard = guard();

        assertThat(fail(guard, of("silver"))).isNull();
        assertThat(recorder.closed).containsExactly("IOException");
    }

    @Test
    void passesOverALinkWhoseConditionCannotBeAsked() {
        Guard guard = guard("static.body=x");

        assertThat(Objects.requireNonNull(fail(guard, of("broken"))).answer()).isNotNull();
        assertThat(passedOver()).containsExactly("alternate condition_unsure");
        assertThat(lines).singleElement().asString().contains("guard/condition");
    }

    @Test
    void passesOverAnAlternateForWhichNoTimeIsLeft() {
        Guard guard = guard("static.body=x");
        Call call = of("gold", Duration.ofMillis(300));
        assertThat(guard.tryAcquire(call)).isNull();
        clock.advance(Duration.ofMillis(300));

        Fallback first = Objects.requireNonNull(guard.settle(call, Ending.failed(Ending.IO, new IOException("reset"))));

        assertThat(first.answer()).isNotNull();
        assertThat(passedOver()).containsExactly("alternate no_time_left");
    }

    @Test
    void givesAnAlternateNoMoreThanIsLeftOfTheCallersTime() {
        Guard guard = guard();
        Call call = of("gold", Duration.ofMillis(300));
        assertThat(guard.tryAcquire(call)).isNull();
        clock.advance(Duration.ofMillis(200));
        Fallback first = Objects.requireNonNull(guard.settle(call, Ending.failed(Ending.IO, new IOException("reset"))));

        assertThat(Objects.requireNonNull(first.alternate()).deadlineNanos()).isEqualTo(100_000_000);
        clock.advance(Duration.ofMillis(100));
        assertThat(Objects.requireNonNull(first.alternate()).deadlineNanos()).isOne();
        assertThat(Objects.requireNonNull(Objects.requireNonNull(fail(guard(), of("gold")))
                                .alternate())
                        .deadlineNanos())
                .as("its own, where the caller has no bound")
                .isEqualTo(1_000_000_000);
    }

    @Test
    void passesOverAnAlternateWhoseTimeALinkBeforeItHasTaken() {
        Guard guard = guard("snapshot.max-age=10m", "static.body=x");
        Call call = of("gold", Duration.ofMillis(300));
        assertThat(guard.tryAcquire(call)).isNull();
        Fallback first = Objects.requireNonNull(guard.settle(call, Ending.failed(Ending.IO, new IOException("reset"))));
        assertThat(first.isSnapshot()).isTrue();
        clock.advance(Duration.ofMillis(299));

        Fallback next = Objects.requireNonNull(first.failed(new IOException("nothing kept")));

        assertThat(next.answer()).isNotNull();
        assertThat(passedOver()).containsExactly("alternate no_time_left");
        assertThat(recorder.closed).isEmpty();
        next.served();
        assertThat(recorder.closed).hasSize(1);
    }

    @Test
    void endsWithTheCallWhereOnlyAnAlternateIsLeftAndNoTime() {
        Guard guard = guard("snapshot.max-age=10m");
        Call call = of("gold", Duration.ofMillis(300));
        assertThat(guard.tryAcquire(call)).isNull();
        Fallback first = Objects.requireNonNull(guard.settle(call, Ending.failed(Ending.IO, new IOException("reset"))));
        clock.advance(Duration.ofMillis(299));

        assertThat(first.failed(new IOException("nothing kept"))).isNull();

        assertThat(passedOver()).containsExactly("alternate no_time_left");
        assertThat(recorder.closed).containsExactly("IOException");
    }

    @Test
    void keepsAnswersForALinkWithACondition() {
        Guard guard = guard("snapshot.when=path like \"/v1/**\"");

        assertThat(guard.httpKeeper("GET")).isNotNull();
    }
}
