package dev.resilience.agent.guard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.resilience.agent.policy.Loaded;
import dev.resilience.agent.policy.PolicyLoader;
import dev.resilience.agent.signal.Signal;
import dev.resilience.instrumentation.api.Again;
import dev.resilience.instrumentation.api.Attempt;
import dev.resilience.instrumentation.api.Call;
import dev.resilience.instrumentation.api.Ending;
import dev.resilience.instrumentation.api.Fallback;
import dev.resilience.instrumentation.api.Guard;
import dev.resilience.instrumentation.api.PushBack;
import dev.resilience.instrumentation.api.Refusal;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which calls are made again, in the eyes of their guard. */
class RetryingTest {
    private static final URI TARGET = URI.create("http://x:8443/a");

    private final ManualClock clock = new ManualClock();
    private final Recorder recorder = new Recorder();
    private final List<String> lines = new ArrayList<>();
    private final Machinery machinery = Machinery.byHand(clock, recorder, new FaultLog(lines::add));
    private GuardRegistry registry = registry();

    private GuardRegistry registry(String... more) {
        Loaded loaded = PolicyLoader.load(properties(more), Map.of());
        assertThat(loaded.problems()).isEmpty();
        return new GuardRegistry(loaded.policies(), machinery, lines::add);
    }

    private static Map<String, String> properties(String... more) {
        Map<String, String> given = new HashMap<>(Map.of(
                "resilience.mode", "enforce",
                "resilience.defaults.deadline", "1s",
                "resilience.defaults.breaker.strategy", "consecutive",
                "resilience.defaults.breaker.consecutive-failures", "1000",
                "resilience.defaults.retry.attempts", "3",
                "resilience.defaults.retry.budget", "100%"));
        for (String each : more) {
            int equals = each.indexOf('=');
            given.put("resilience." + each.substring(0, equals), each.substring(equals + 1));
        }
        return given;
    }

    private Guard guard(String... more) {
        registry = registry(more);
        return Objects.requireNonNull(registry.http("GET", TARGET));
    }

    @AfterEach
    void noFaults() {
        assertThat(lines).isEmpty();
    }

    /** A call that may be made again, unless the test says otherwise. */
    private static final class Tried extends Call implements Attempt {
        private static long hashes;

        private final @Nullable Again follows;
        private boolean idempotent = true;
        private boolean replayable = true;
        private boolean shown;
        private long pushBack = PushBack.NOT_TOLD;
        private long left = Long.MAX_VALUE;
        private long hash = ++hashes;

        @Nullable
        private String rpc;

        Tried() {
            this(null);
        }

        Tried(@Nullable Again follows) {
            this.follows = follows;
        }

        @Override
        public void cancel(Refusal refusal) {}

        @Override
        public @Nullable Again follows() {
            return follows;
        }

        @Override
        public Attempt attempt() {
            return this;
        }

        @Override
        public long requestHash() {
            return hash;
        }

        @Override
        public boolean isIdempotent() {
            return idempotent;
        }

        @Override
        public @Nullable String rpc() {
            return rpc;
        }

        @Override
        public boolean isReplayable() {
            return replayable;
        }

        @Override
        public boolean isShown() {
            return shown;
        }

        @Override
        public long pushBackNanos() {
            return pushBack;
        }

        @Override
        public long leftNanos() {
            return left;
        }
    }

    private @Nullable Fallback fail(Guard guard, Call call) {
        return end(guard, call, Ending.status(503));
    }

    private @Nullable Fallback end(Guard guard, Call call, Ending ending) {
        assertThat(guard.tryAcquire(call)).isNull();
        clock.advance(Duration.ofMillis(10));
        return guard.settle(call, ending);
    }

    private static @Nullable Again again(@Nullable Fallback fallback) {
        return fallback == null ? null : fallback.again();
    }

    private List<String> told() {
        return recorder.signals.stream()
                .filter(Signal.Retry.class::isInstance)
                .map(Signal.Retry.class::cast)
                .map(retry -> retry.attempts() + " " + retry.by() + " " + retry.reason() + " " + retry.ending())
                .toList();
    }

    @Test
    void makesACallAgainUntilItsAttemptsAreSpent() {
        Guard guard = guard();

        Again second = again(fail(guard, new Tried()));
        assertThat(second).isNotNull();
        assertThat(second.afterNanos()).isBetween(0L, 10_000_000L);
        assertThat(second.leftNanos()).isEqualTo(990_000_000);
        Again third = again(fail(guard, new Tried(second)));
        assertThat(third).isNotNull();
        assertThat(third.afterNanos()).isBetween(0L, 20_000_000L);
        assertThat(third.leftNanos()).isEqualTo(980_000_000);
        assertThat(fail(guard, new Tried(third))).isNull();

        assertThat(told()).containsExactly("1 agent again 503", "2 agent again 503", "3 agent attempts_spent 503");
        assertThat(recorder.closed).hasSize(1);
        assertThat(registry.retries()).singleElement().isEqualTo(new RetryUse("default", "http://x:8443", 2, 0, 0));
    }

    @Test
    void givesTheChainOnlyAfterThat() {
        Guard guard = guard("defaults.retry.attempts=2", "defaults.fallback.static.body=x");

        Fallback first = fail(guard, new Tried());
        assertThat(again(first)).isNotNull();
        Fallback last = fail(guard, new Tried(again(first)));
        assertThat(again(last)).isNull();
        assertThat(Objects.requireNonNull(last).answer()).isNotNull();
        last.served();

        assertThat(recorder.closed).containsExactly("answer");
    }

    @Test
    void givesTheChainIfTheNextAttemptCannotBeBegun() {
        Guard guard = guard("defaults.fallback.static.body=x");

        Fallback first = Objects.requireNonNull(fail(guard, new Tried()));
        Fallback next = first.failed(new IOException("no client"));

        assertThat(Objects.requireNonNull(next).answer()).isNotNull();
    }

    @ParameterizedTest
    @CsvSource({
        "false, true, false, 0, not_idempotent",
        "true, false, false, 0, not_replayable",
        "true, true, true, 0, no_fault",
        "true, true, false, -1, told_not_to",
        "true, true, false, 2000000000, no_time",
    })
    void saysWhyNot(boolean idempotent, boolean replayable, boolean shown, long pushBack, String reason) {
        Guard guard = guard();
        Tried call = new Tried();
        call.idempotent = idempotent;
        call.replayable = replayable;
        call.shown = shown;
        call.pushBack = pushBack;

        assertThat(fail(guard, call)).isNull();
        assertThat(told()).containsExactly("1 agent " + reason + " 503");
        assertThat(recorder.closed).containsExactly("answer");
    }

    @Test
    void leavesAnswersAndWhatItsCallerGaveUp() {
        Guard guard = guard();

        assertThat(end(guard, new Tried(), Ending.status(404))).isNull();
        assertThat(end(guard, new Tried(), Ending.CANCELLED)).isNull();
        assertThat(told()).isEmpty();
    }

    @Test
    void takesTheMethodsOfGrpcFromThePolicy() {
        registry = registry("defaults.retry.methods=shop.Stock/Get*");
        Guard guard = Objects.requireNonNull(registry.grpc("stock:9000", "shop.Stock/GetAll"));
        Tried get = new Tried();
        get.idempotent = false;
        get.rpc = "shop.Stock/GetAll";
        Tried set = new Tried();
        set.idempotent = false;
        set.rpc = "shop.Stock/Set";

        assertThat(again(end(guard, get, Ending.failed("UNAVAILABLE", null)))).isNotNull();
        assertThat(end(guard, set, Ending.failed("UNAVAILABLE", null))).isNull();
    }

    @Test
    void waitsAsLongAsItIsTold() {
        Guard guard = guard();
        Tried call = new Tried();
        call.pushBack = 500_000_000;

        Again next = again(fail(guard, call));
        assertThat(Objects.requireNonNull(next).afterNanos()).isBetween(500_000_000L, 510_000_000L);
    }

    @Test
    void keepsTheTimeOfTheCaller() {
        Guard guard = guard();
        Tried call = new Tried();
        call.left = 5_000_000;

        Again next = again(fail(guard, call));
        assertThat(Objects.requireNonNull(next).afterNanos()).isLessThanOrEqualTo(5_000_000);
        assertThat(next.leftNanos()).isEqualTo(5_000_000);
        clock.advance(Duration.ofMillis(6));
        assertThat(next.leftNanos()).isZero();
    }

    @Test
    void waitsNoLongerThanAMinuteWhereNothingBoundsTheCall() {
        Guard guard = guard("defaults.deadline=none");
        Tried patient = new Tried();
        patient.pushBack = Duration.ofSeconds(59).toNanos();
        Tried forEver = new Tried();
        forEver.pushBack = Duration.ofSeconds(61).toNanos();

        Again next = again(fail(guard, patient));
        assertThat(Objects.requireNonNull(next).leftNanos()).isEqualTo(Long.MAX_VALUE);
        assertThat(fail(guard, forEver)).isNull();
        assertThat(told()).contains("1 agent no_time 503");
    }

    @Test
    void cutsTheNextAttemptAtTheDeadlineOfTheFirst() {
        Guard guard = guard();
        Again next = again(fail(guard, new Tried()));
        clock.advance(Duration.ofMillis(400));
        Tried second = new Tried(next);

        assertThat(guard.tryAcquire(second)).isNull();
        long left = second.deadline() - machinery.timer().now();
        assertThat(left).isEqualTo(Duration.ofMillis(590).toNanos());
    }

    @Test
    void isToldThatTheNextAttemptIsRefused() {
        Guard guard = guard("defaults.breaker.consecutive-failures=2");
        Again next = Objects.requireNonNull(again(fail(guard, new Tried())));
        fail(guard, new FakeCall());

        assertThat(next.isRefused()).isFalse();
        assertThat(guard.tryAcquire(new Tried(next))).isNotNull();
        assertThat(next.isRefused()).isTrue();
    }

    @Test
    void spendsNothingWhereTheNextAttemptWouldBeRefused() {
        Guard guard = guard("defaults.breaker.consecutive-failures=1");

        assertThat(fail(guard, new Tried())).isNull();
        assertThat(told()).containsExactly("1 agent own_refusal 503");
        assertThat(registry.retries().get(0).retries()).isZero();
    }

    @Test
    void staysWithinTheBudget() {
        Guard guard = guard("defaults.retry.attempts=2", "defaults.retry.budget=10%");

        int retries = 0;
        for (int i = 0; i < 100; i++) {
            Again next = again(fail(guard, new Tried()));
            if (next != null) {
                retries++;
                fail(guard, new Tried(next));
            }
            clock.advance(Duration.ofMillis(1));
            machinery.pulse().beat();
        }

        assertThat(retries).isBetween(8, 12);
        assertThat(registry.retries().get(0).retries()).isEqualTo(retries);
        assertThat(registry.retries().get(0).refusals()).isEqualTo(100 - retries);
    }

    @Test
    void seesTheApplicationsOwnRetries() {
        Guard guard = guard();
        Tried once = new Tried();
        once.idempotent = false;
        Tried twice = new Tried();
        twice.hash = once.hash;
        Tried thrice = new Tried();
        thrice.hash = once.hash;

        fail(guard, once);
        clock.advance(Duration.ofMillis(100));
        end(guard, new Tried(), Ending.OK);
        end(guard, twice, Ending.OK);
        end(guard, thrice, Ending.OK);

        assertThat(told()).containsExactly("1 agent not_idempotent 503", "1 application again ok");
        assertThat(registry.retries().get(0).repeats()).isOne();
    }

    @Test
    void onlyCountsWhereItOnlyObserves() {
        Guard guard = guard("mode=observe");

        assertThat(guard.repeats()).isFalse();
        assertThat(guard.enforces()).isFalse();
        Tried once = new Tried();
        Tried twice = new Tried();
        twice.hash = once.hash;
        assertThat(fail(guard, once)).isNull();
        end(guard, twice, Ending.OK);

        assertThat(told()).containsExactly("1 application again ok");
    }

    @Test
    void makesCallsAgainInModeRedirect() {
        Guard guard = guard("mode=redirect");

        assertThat(guard.enforces()).isTrue();
        assertThat(Objects.requireNonNull(again(fail(guard, new Tried()))).leftNanos())
                .isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void changesNothingWithoutAPolicyThatSaysSo() {
        Map<String, String> plain = properties();
        plain.remove("resilience.defaults.retry.attempts");
        registry = new GuardRegistry(PolicyLoader.load(plain, Map.of()).policies(), machinery, lines::add);
        Guard guard = Objects.requireNonNull(registry.http("GET", TARGET));

        assertThat(fail(guard, new Tried())).isNull();
        assertThat(guard.repeats()).isFalse();
        assertThat(registry.retries()).isEmpty();
    }

    @Test
    void keepsTheBudgetOverAReloadThatLeavesItAsItIs() {
        Guard guard = guard("defaults.retry.budget=10%");
        fail(guard, new Tried());

        registry.reload(PolicyLoader.load(properties("defaults.retry.budget=10%", "defaults.deadline=2s"), Map.of())
                .policies());
        fail(Objects.requireNonNull(registry.http("GET", TARGET)), new Tried());
        assertThat(registry.retries().get(0).refusals()).isOne();

        registry.reload(PolicyLoader.load(properties("defaults.retry.attempts=4"), Map.of())
                .policies());
        assertThat(registry.retries()).isEmpty();
    }

    /** A call is as it was if what is asked of it throws. */
    @Test
    void survivesAFaultOfItsOwn() {
        Guard guard = guard("defaults.fallback.static.body=x");
        Call broken = new Call() {
            @Override
            public void cancel(Refusal refusal) {}

            @Override
            public Attempt attempt() {
                throw new AssertionError("broken");
            }
        };

        assertThat(Objects.requireNonNull(fail(guard, broken)).answer()).isNotNull();
        assertThat(lines).singleElement().asString().contains("guard/again");
        lines.clear();
    }
}
