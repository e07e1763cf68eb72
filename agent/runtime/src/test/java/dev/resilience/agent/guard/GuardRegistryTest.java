package dev.resilience.agent.guard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.resilience.agent.policy.FailureRules;
import dev.resilience.agent.policy.Key;
import dev.resilience.agent.policy.Match;
import dev.resilience.agent.policy.Mode;
import dev.resilience.agent.policy.Policy;
import dev.resilience.instrumentation.api.Ending;
import dev.resilience.instrumentation.api.Guard;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class GuardRegistryTest {
    private final ManualClock clock = new ManualClock();
    private final Recorder recorder = new Recorder();
    private final List<String> lines = new ArrayList<>();
    private final FaultLog faults = new FaultLog(lines::add);
    private final Machinery machinery = Machinery.byHand(clock, recorder, faults);
    private final GuardRegistry registry =
            new GuardRegistry(Policies.set(Policies.policy(Mode.ENFORCE), 3, 100), machinery, lines::add);

    private String target(String uri) {
        return guard(uri).subject().target();
    }

    private TargetGuard guard(String uri) {
        return (TargetGuard) Objects.requireNonNull(registry.http("GET", URI.create(uri)));
    }

    private void trip(Guard guard) {
        for (int i = 0; i < 3; i++) {
            FakeCall call = new FakeCall();
            guard.tryAcquire(call);
            guard.settle(call, Ending.status(503));
        }
    }

    @Test
    void namesTargetsByHostAndPort() {
        assertThat(target("HTTP://Example.COM/a?token=secret")).isEqualTo("http://example.com:80");
        assertThat(target("https://user:secret@example.com/")).isEqualTo("https://example.com:443");
        assertThat(guard("http://example.com:80/b")).isSameAs(guard("http://example.com/c"));
        assertThat(registry.http("GET", URI.create("file:///etc/hosts"))).isNull();
    }

    @Test
    void sharesOneBreakerBetweenDatabasesUrlsThatDifferInParametersOnly() {
        Guard one = registry.jdbc("jdbc:postgresql://h:5432/db?user=a&password=b", null);

        assertThat(registry.jdbc("jdbc:postgresql://h:5432/db?user=c", "pool")).isSameAs(one);
    }

    @Test
    void keysRoutesByFoldedPathAndMethodsByTheirFullName() {
        registry.reload(Policies.set(Policies.byRoute(Mode.ENFORCE)));

        assertThat(guard("http://x/orders/17")).isSameAs(guard("http://x/orders/18"));
        assertThat(target("http://x/orders/18")).isEqualTo("http://x:80/orders/{id}");
        assertThat(((TargetGuard) Objects.requireNonNull(registry.grpc("h:9000", "shop.Cart/Add")))
                        .subject()
                        .target())
                .isEqualTo("h:9000/shop.Cart/Add");
    }

    @Test
    void leavesExemptEndpointsAlone() {
        registry.exempt("collector", 4318);

        assertThat(registry.http("POST", URI.create("http://Collector:4318/v1/traces")))
                .isNull();
        assertThat(registry.http("POST", URI.create("http://collector:4317/"))).isNotNull();
    }

    @Test
    void protectsTargetsBeyondTheBoundTogetherAndSaysSoOnce() {
        for (int i = 0; i < 20; i++) {
            guard("http://host" + i + "/");
        }

        assertThat(guard("http://host7/")).isSameAs(guard("http://host8/"));
        assertThat(guard("http://host0/")).isNotSameAs(guard("http://host8/"));
        assertThat(registry.targets()).isEqualTo(4);
        assertThat(lines).hasSize(1);
        trip(guard("http://host7/"));
        assertThat(guard("http://host9/").tryAcquire(new FakeCall())).isNotNull();
    }

    @Test
    void keepsTheBreakerOverAReloadThatDoesNotChangeIt() {
        trip(guard("http://x/"));
        int before = registry.generation();

        registry.reload(
                Policies.set(Policies.policy(Mode.ENFORCE, Policies.BREAKER, Duration.ofSeconds(1), Policies.ANSWER)));

        assertThat(registry.generation()).isNotEqualTo(before);
        assertThat(guard("http://x/").tryAcquire(new FakeCall())).isNotNull();
        clock.advance(Policies.OPEN_FOR);
        machinery.pulse().beat();
        assertThat(guard("http://x/").tryAcquire(new FakeCall())).isNull();
    }

    @Test
    void startsAnewWhenTheReloadChangesTheBreaker() {
        trip(guard("http://x/"));

        registry.reload(Policies.set(Policies.policy(Mode.ENFORCE, Policies.breaker(4), null, null)));

        assertThat(guard("http://x/").tryAcquire(new FakeCall())).isNull();
    }

    @Test
    void settlesCallsInFlightWithTheGuardThatAdmittedThem() {
        Guard old = guard("http://x/");
        FakeCall call = new FakeCall();
        old.tryAcquire(call);

        registry.reload(Policies.set(Policies.policy(Mode.OBSERVE)));
        old.settle(call, Ending.OK);

        assertThat(machinery.inFlight().count()).isZero();
        assertThat(registry.enforces()).isFalse();
    }

    @Test
    void decidesEachCallByOneWholePolicySetUnderAStormOfReloads() throws InterruptedException {
        GuardRegistry stormy = new GuardRegistry(
                Policies.set(named("one", Mode.OBSERVE)), Machinery.of(System::nanoTime, recorder, faults), l -> {});
        recorder.tracing = false;
        AtomicBoolean over = new AtomicBoolean();
        AtomicInteger mixed = new AtomicInteger();
        List<Thread> callers = new ArrayList<>();
        for (int t = 0; t < 2; t++) {
            Thread caller = AgentThreads.daemon("caller", () -> {
                while (!over.get()) {
                    TargetGuard guard =
                            (TargetGuard) Objects.requireNonNull(stormy.http("GET", URI.create("http://x/")));
                    boolean one = guard.subject().policy().equals("one");
                    if (one == guard.enforces()) {
                        mixed.incrementAndGet();
                    }
                    FakeCall call = new FakeCall();
                    guard.tryAcquire(call);
                    guard.settle(call, Ending.OK);
                }
            });
            caller.start();
            callers.add(caller);
        }
        for (int i = 0; i < 2_000; i++) {
            stormy.reload(Policies.set(i % 2 == 0 ? named("two", Mode.ENFORCE) : named("one", Mode.OBSERVE)));
        }
        over.set(true);
        for (Thread caller : callers) {
            caller.join();
        }

        assertThat(mixed).hasValue(0);
        assertThat(faults.bySite()).isEmpty();
        assertThat(stormy.inFlight()).isZero();
    }

    private static Policy named(String name, Mode mode) {
        return new Policy(
                name, mode, Match.ALL, Key.HOST, Policies.BREAKER, FailureRules.DEFAULTS, null, null, Set.of());
    }
}
