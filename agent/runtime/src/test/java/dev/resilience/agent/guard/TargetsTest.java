package dev.resilience.agent.guard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.resilience.agent.policy.FailureRules;
import dev.resilience.agent.policy.Key;
import dev.resilience.agent.policy.Match;
import dev.resilience.agent.policy.Mode;
import dev.resilience.agent.policy.Policy;
import dev.resilience.agent.policy.PolicySet;
import dev.resilience.agent.policy.TargetBounds;
import dev.resilience.engine.BreakerState;
import dev.resilience.instrumentation.api.Ending;
import dev.resilience.instrumentation.api.Guard;
import java.lang.ref.WeakReference;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who has a guard of its own, who shares one, and who leaves. */
class TargetsTest {
    private static final Duration IDLE = TargetBounds.DEFAULT_IDLE_FOR;

    private final ManualClock clock = new ManualClock();
    private final Recorder recorder = new Recorder();
    private final List<String> lines = new ArrayList<>();
    private final FaultLog faults = new FaultLog(lines::add);
    private final Machinery machinery = Machinery.byHand(clock, recorder, faults);
    private GuardRegistry registry = registry(Policies.policy(Mode.ENFORCE), 10_000, 100);

    private GuardRegistry registry(Policy policy, int maxTargets, int maxRoutes) {
        registry = new GuardRegistry(Policies.set(policy, maxTargets, maxRoutes), machinery, lines::add);
        return registry;
    }

    private TargetGuard http(String uri) {
        return (TargetGuard) Objects.requireNonNull(registry.http("GET", URI.create(uri)));
    }

    private String name(@Nullable Guard guard) {
        return ((TargetGuard) Objects.requireNonNull(guard)).subject().target();
    }

    private void call(Guard guard, Ending ending) {
        FakeCall call = new FakeCall();
        guard.tryAcquire(call);
        guard.settle(call, ending);
    }

    private void trip(Guard guard) {
        for (int i = 0; i < 3; i++) {
            call(guard, Ending.status(503));
        }
    }

    /** With all the beats there are in that time. */
    private void pass(Duration time) {
        for (long beats = time.toNanos() / Pulse.PERIOD_NANOS; beats > 0; beats--) {
            clock.advance(Duration.ofNanos(Pulse.PERIOD_NANOS));
            machinery.pulse().beat();
        }
    }

    @Nested
    class Spelling {
        @ParameterizedTest
        @CsvSource({
            "http://Shop.Example/a, http://shop.example:80/b",
            "https://shop.example, https://SHOP.example.:443/",
            "http://[0:0:0:0:0:0:0:1]:8080/, http://[::1]:8080/",
            "http://user:secret@shop.example/, http://shop.example/",
            "http://my_service:8080/a, http://MY_service:8080/b",
            "http://bücher.example/, http://xn--bcher-kva.example/"
        })
        void doesNotMakeTwoTargetsOfOne(String one, String other) {
            assertThat(http(one)).isSameAs(http(other));
        }

        @Test
        void keepsPortsAndSchemesApart() {
            assertThat(http("http://x/")).isNotSameAs(http("http://x:8080/")).isNotSameAs(http("https://x/"));
            assertThat(http("https://x:80/")).isNotSameAs(http("http://x:80/"));
        }

        @Test
        void keepsNoSecretOfAnAuthorityItTakesApartItself() {
            assertThat(name(http("http://user:secret@my_service/"))).isEqualTo("http://my_service:80");
        }

        @Test
        void leavesAloneWhatNamesNoHost() {
            assertThat(registry.http("GET", URI.create("http:///path"))).isNull();
            assertThat(registry.http("GET", URI.create("http://:8080/path"))).isNull();
        }

        @Test
        void matchesADatabaseAsGivenAndNamesItWithItsPort() {
            assertThat(name(registry.jdbc("jdbc:postgresql://DB/orders?user=a", null)))
                    .isEqualTo("jdbc:postgresql://db:5432/orders");
        }
    }

    @Nested
    class BeyondTheBound {
        @Test
        void sharesAGuardForEachHost() {
            registry(Policies.policy(Mode.ENFORCE), 20, 100);
            for (int i = 0; i < 20; i++) {
                http("http://own" + i + "/");
            }

            assertThat(name(http("http://late/"))).isEqualTo("http://late/(more targets)");
            assertThat(http("http://late/")).isSameAs(http("http://late:8080/")).isNotSameAs(http("http://later/"));
            assertThat(http("http://own3/")).isNotSameAs(http("http://late/"));
            assertThat(name(http("http://latest/"))).isEqualTo("(more targets)");
            assertThat(name(registry.grpc("late:9000", "s.A/b"))).isEqualTo("(more targets)");
            assertThat(registry.targets()).isEqualTo(20 + 2 + 2);
            assertThat(lines)
                    .containsExactly("resilience: more than 20 targets (max-targets); further ones share one for each"
                            + " host, protocol and policy, the first of them http://late/(more targets)");
        }

        @Test
        void protectsWhatIsSharedAndSaysSoWithEachRefusal() {
            registry(Policies.policy(Mode.ENFORCE), 10, 100);
            for (int i = 0; i < 10; i++) {
                http("http://own" + i + "/");
            }
            trip(http("http://late:1/"));

            assertThat(Objects.requireNonNull(http("http://late:2/").tryAcquire(new FakeCall()))
                            .message())
                    .contains("target http://late/(more targets)");
            assertThat(recorder.lastDecision().subject().target()).isEqualTo("http://late/(more targets)");
            assertThat(http("http://own1/").tryAcquire(new FakeCall())).isNull();
        }

        @Test
        void keepsAHostileClientsPathsToOneHostsShare() {
            recorder.tracing = false;
            registry(Policies.byRoute(Mode.ENFORCE), 10_000, 100);
            Random random = new Random(3);
            TargetGuard before = http("http://victim/orders/17");
            for (int i = 0; i < 50_000; i++) {
                StringBuilder path = new StringBuilder("/");
                for (int c = random.nextInt(30); c >= 0; c--) {
                    path.append((char) (random.nextInt(8) == 0 ? '/' : 'a' + random.nextInt(26)));
                }
                call(http("http://victim" + path), Ending.OK);
            }

            assertThat(registry.targets()).isEqualTo(101);
            assertThat(name(http("http://victim/never/seen/before"))).isEqualTo("http://victim:80/(more routes)");
            assertThat(http("http://victim/orders/18")).isSameAs(before);
            assertThat(name(http("http://other/new"))).isEqualTo("http://other:80/new");
            assertThat(lines)
                    .singleElement()
                    .asString()
                    .contains("more than 100 routes (max-routes) of http://victim:80");
        }

        @Test
        void keepsNoRouteThatIsAsLongAsItsCallerLikes() {
            registry(Policies.byRoute(Mode.ENFORCE), 10_000, 100);
            String words = "/word".repeat(2_000);

            assertThat(name(http("http://x" + words))).isEqualTo("http://x:80/(more routes)");
            assertThat(name(http("http://x" + "/17".repeat(20)))).isEqualTo("http://x:80" + "/{id}".repeat(20));
        }

        @Test
        void boundsTheMethodsOfAChannelLikeRoutes() {
            registry(Policies.byRoute(Mode.ENFORCE), 10_000, 2);
            registry.grpc("h:9000", "s.A/one");
            registry.grpc("h:9000", "s.A/two");

            assertThat(name(registry.grpc("h:9000", "s.A/three"))).isEqualTo("h:9000/(more routes)");
            assertThat(name(registry.grpc("other:9000", "s.A/three"))).isEqualTo("other:9000/s.A/three");
        }

        @Test
        void findsTargetsByTheShortWayHoweverManySpellingsItSaw() {
            for (int i = 0; i < 50_000; i++) {
                StringBuilder host = new StringBuilder();
                for (int bit = 0; bit < 16; bit++) {
                    host.append(((i >> bit) & 1) == 0 ? 'a' : 'A');
                }
                http("http://" + host + "/");
            }
            assertThat(registry.targets()).isEqualTo(1);
        }
    }

    @Nested
    class WhenIdle {
        @Test
        void leavesAndComesBackAsANewGuard() {
            TargetGuard first = http("http://x/");
            call(first, Ending.OK);
            int before = registry.generation();
            pass(IDLE);
            assertThat(http("http://x/")).isSameAs(first);

            pass(Duration.ofSeconds(20));

            assertThat(registry.targets()).isZero();
            assertThat(registry.generation()).isNotEqualTo(before);
            assertThat(http("http://x/")).isNotSameAs(first);
            assertThat(registry.targets()).isOne();
            assertThat(faults.bySite()).isEmpty();
        }

        @Test
        void staysWhileItIsCalledNowAndThen() {
            TargetGuard first = http("http://x/");
            for (int i = 0; i < 4; i++) {
                call(http("http://x/"), Ending.OK);
                pass(IDLE.minusSeconds(20));
            }
            assertThat(http("http://x/")).isSameAs(first);
        }

        @Test
        void staysWhileACallIsInFlightHoweverLong() {
            TargetGuard first = http("http://x/");
            FakeCall call = new FakeCall();
            first.tryAcquire(call);
            pass(IDLE.multipliedBy(3));
            assertThat(http("http://x/")).isSameAs(first);

            first.settle(call, Ending.OK);
            pass(IDLE.plusSeconds(20));
            assertThat(registry.targets()).isZero();
        }

        @Test
        void staysWhileItsBreakerIsNotClosedForADay() {
            trip(http("http://x/"));
            pass(Duration.ofHours(1));
            assertThat(registry.targets()).isOne();
            assertThat(recorder.ofNoCall).hasSize(1);

            pass(Duration.ofHours(23).plusSeconds(20));
            assertThat(registry.targets()).isZero();
        }

        @Test
        void staysWhileARowOfFailuresSpeaksAgainstIt() {
            call(http("http://x/"), Ending.status(503));
            pass(IDLE.multipliedBy(2));
            assertThat(registry.targets()).isOne();

            call(http("http://x/"), Ending.OK);
            pass(IDLE.plusSeconds(20));
            assertThat(registry.targets()).isZero();
        }

        @Test
        void leavesWithoutABreakerToo() {
            registry(Policies.policy(Mode.ENFORCE, null, null, null), 10, 100);
            call(http("http://x/"), Ending.OK);
            pass(IDLE.plusSeconds(20));
            assertThat(registry.targets()).isZero();
        }

        @Test
        void takesItsRouteAndItsPlaceAlong() {
            registry(Policies.byRoute(Mode.ENFORCE), 3, 2);
            http("http://x/a");
            http("http://x/b");
            TargetGuard shared = http("http://x/c");
            assertThat(name(shared)).isEqualTo("http://x:80/(more routes)");
            assertThat(name(http("http://y/a"))).isEqualTo("(more targets)");
            for (int i = 0; i < 8; i++) {
                pass(Duration.ofSeconds(10));
                call(http("http://x/c"), Ending.OK);
                call(http("http://y/a"), Ending.OK);
            }

            assertThat(name(http("http://x/c"))).isEqualTo("http://x:80/c");
            assertThat(name(http("http://y/a"))).isEqualTo("http://y:80/a");
        }

        @Test
        void leavesSoonerWhileAllPlacesAreTaken() {
            registry(Policies.policy(Mode.ENFORCE), 2, 100);
            http("http://one/");
            http("http://two/");
            pass(Duration.ofSeconds(80));

            assertThat(name(http("http://three/"))).isEqualTo("http://three:80");
        }

        /** Whose place another has taken meanwhile. */
        @Test
        void handsACallOfASharedGuardToTheOneOfAllWhenThereIsNoPlaceLeft() {
            registry(Policies.policy(Mode.ENFORCE), 10, 100);
            for (int i = 0; i < 10; i++) {
                http("http://own" + i + "/");
            }
            TargetGuard stale = http("http://late/");
            for (int seconds = 0; seconds < 80; seconds += 5) {
                pass(Duration.ofSeconds(5));
                for (int i = 0; i < 10; i++) {
                    call(http("http://own" + i + "/"), Ending.OK);
                }
            }
            assertThat(name(http("http://later/"))).isEqualTo("http://later/(more targets)");

            FakeCall call = new FakeCall();
            assertThat(stale.tryAcquire(call)).isNull();
            assertThat(name(Objects.requireNonNull(call.guard()))).isEqualTo("(more targets)");
            assertThat(registry.targets()).isEqualTo(10 + 1 + 1);
        }

        @Test
        void isHeldByNothing() {
            List<WeakReference<TargetGuard>> guards = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                guards.add(new WeakReference<>(http("http://x" + i + "/")));
                guards.add(new WeakReference<>((TargetGuard) registry.grpc("x" + i + ":1", "s.A/b")));
                guards.add(new WeakReference<>((TargetGuard) registry.jdbc("jdbc:h2:mem:x" + i, null)));
            }
            pass(IDLE.plusSeconds(20));
            for (int i = 0; i < 50 && guards.stream().anyMatch(guard -> guard.get() != null); i++) {
                System.gc();
            }
            assertThat(guards).allMatch(guard -> guard.get() == null);
        }

        @Test
        void handsACallThatComesTooLateToTheGuardThereIsNow() {
            TargetGuard stale = http("http://x/");
            pass(IDLE.plusSeconds(20));

            FakeCall call = new FakeCall();
            assertThat(stale.tryAcquire(call)).isNull();
            TargetGuard fresh = http("http://x/");
            assertThat(call.guard()).isSameAs(fresh).isNotSameAs(stale);
            stale.settle(call, Ending.status(503));

            assertThat(call.isSettled()).isTrue();
            assertThat(machinery.inFlight().count()).isZero();
            trip(stale);
            assertThat(fresh.tryAcquire(new FakeCall())).isNotNull();
            assertThat(registry.targets()).isOne();
        }

        @Test
        void doesNotCountACallThatItsGuardDidNotOutlive() {
            registry(Policies.policy(Mode.OBSERVE, Policies.breaker(1), null, null), 10, 100);
            TargetGuard first = http("http://x/");
            FakeCall unlisted = new FakeCall();
            first.tryAcquire(unlisted);
            pass(IDLE.plusSeconds(20));
            assertThat(registry.targets()).isZero();

            first.settle(unlisted, Ending.status(503));

            assertThat(unlisted.isSettled()).isTrue();
            assertThat(recorder.signals).noneMatch(signal -> signal.toString().startsWith("Transition"));
        }

        @Test
        void keepsTheCountOfWhatEnforcingWouldHaveCost() {
            registry(Policies.policy(Mode.OBSERVE, null, Duration.ofMillis(5), null), 10, 100);
            TargetGuard guard = http("http://x/");
            FakeCall slow = new FakeCall();
            guard.tryAcquire(slow);
            clock.advance(Duration.ofMillis(6));
            guard.settle(slow, Ending.OK);
            pass(IDLE.plusSeconds(20));

            assertThat(registry.targets()).isZero();
            assertThat(registry.wouldHaveLost()).isOne();
        }

        @Test
        void leavesTheBreakersOfRulesBeforeThat() {
            PolicySet same = Policies.set(Policies.policy(Mode.ENFORCE), 2, 100);
            registry = new GuardRegistry(same, machinery, lines::add);
            call(http("http://one/"), Ending.OK);
            trip(http("http://two/"));
            registry.reload(same);
            assertThat(registry.circuits()).isEqualTo(2);

            pass(IDLE.plusSeconds(20));
            assertThat(registry.circuits()).isOne();
            FakeCall probe = new FakeCall();
            assertThat(http("http://two/").tryAcquire(probe)).isNull();
            http("http://two/").settle(probe, Ending.CANCELLED);
            registry.reload(same);
            pass(IDLE.plusSeconds(20));
            assertThat(registry.circuits()).isOne();
            pass(Duration.ofDays(1));
            assertThat(registry.circuits()).isZero();
        }
    }

    @Nested
    class AfterAReload {
        @Test
        void staysWhileACallFromBeforeItIsInFlight() {
            TargetGuard old = http("http://x/");
            FakeCall call = new FakeCall();
            old.tryAcquire(call);
            registry.reload(registry.policies());
            TargetGuard fresh = http("http://x/");

            pass(IDLE.multipliedBy(2));
            assertThat(http("http://x/")).isSameAs(fresh);

            old.settle(call, Ending.status(503));
            call(fresh, Ending.status(503));
            call(fresh, Ending.status(503));
            assertThat(fresh.tryAcquire(new FakeCall()))
                    .as("three failures in a row")
                    .isNotNull();
        }

        @Test
        void countsTheBreakersKeptFromBeforeSoThatTheyAreBoundedToo() {
            PolicySet same = Policies.set(Policies.policy(Mode.ENFORCE), 10, 100);
            registry = new GuardRegistry(same, machinery, lines::add);
            for (int round = 0; round < 5; round++) {
                for (int i = 0; i < 10; i++) {
                    http("http://x" + round + "-" + i + "/");
                }
                registry.reload(same);
            }
            assertThat(registry.circuits()).isLessThanOrEqualTo(10 + 5 + 1);
            assertThat(name(http("http://x0-3/"))).isEqualTo("http://x0-3:80");
            assertThat(name(http("http://x4-3/"))).contains("(more targets)");
        }
    }

    @Nested
    class ThePulse {
        @Test
        void seesOnlyTheBreakersThatItCouldChange() {
            for (int i = 0; i < 100; i++) {
                call(http("http://x" + i + "/"), Ending.OK);
            }
            machinery.pulse().beat();
            assertThat(machinery.pulse().awake()).isZero();

            trip(http("http://x7/"));
            machinery.pulse().beat();
            assertThat(machinery.pulse().awake()).isOne();
            pass(Policies.OPEN_FOR);
            assertThat(machinery.pulse().awake())
                    .as("half-open, and nobody probes")
                    .isZero();

            call(http("http://x7/"), Ending.OK);
            FakeCall hung = new FakeCall();
            http("http://x7/").tryAcquire(hung);
            pass(Duration.ofSeconds(3));
            assertThat(recorder.lastDecision().state()).isEqualTo(BreakerState.HALF_OPEN);
            assertThat(http("http://x7/").tryAcquire(new FakeCall()))
                    .as("opened by the hung probe")
                    .isNotNull();
        }

        @Test
        void forgetsTheTimeWindowOfATargetThatSleeps() {
            Policy windowed = new Policy(
                    "w",
                    Mode.ENFORCE,
                    Match.ALL,
                    Key.HOST,
                    Policies.TIME_WINDOW,
                    FailureRules.DEFAULTS,
                    null,
                    null,
                    Set.of());
            registry(windowed, 10, 100);
            call(http("http://x/"), Ending.status(503));
            pass(Duration.ofSeconds(5));
            assertThat(machinery.pulse().awake()).isOne();
            pass(Duration.ofSeconds(6));
            assertThat(machinery.pulse().awake()).isZero();
            pass(Duration.ofMinutes(5));

            for (int i = 0; i < 20; i++) {
                assertThat(http("http://x/").tryAcquire(new FakeCall())).isNull();
                call(http("http://x/"), Ending.status(503));
            }
            assertThat(http("http://x/").tryAcquire(new FakeCall())).isNotNull();
        }
    }

    @Nested
    class UnderAStorm {
        @Test
        void guardsEveryCallWhileTargetsComeAndGo() throws InterruptedException {
            Machinery real = Machinery.byHand(System::nanoTime, recorder, faults);
            recorder.tracing = false;
            GuardRegistry stormy =
                    new GuardRegistry(Policies.set(Policies.byRoute(Mode.ENFORCE), 40, 5), real, line -> {});
            AtomicBoolean over = new AtomicBoolean();
            AtomicInteger unguarded = new AtomicInteger();
            List<Thread> callers = new ArrayList<>();
            for (int t = 0; t < 3; t++) {
                Random random = new Random(t);
                Thread caller = AgentThreads.daemon("caller", () -> {
                    while (!over.get()) {
                        URI uri = URI.create("http://h" + random.nextInt(20) + "/p" + random.nextInt(8));
                        Guard guard = stormy.http("GET", uri);
                        FakeCall call = new FakeCall();
                        if (guard == null || guard.tryAcquire(call) != null) {
                            unguarded.incrementAndGet();
                        } else {
                            TargetGuard admitted = (TargetGuard) Objects.requireNonNull(call.guard());
                            guard.settle(call, Ending.OK);
                            boolean itsOwn = admitted.subject().target().contains("//" + uri.getHost() + ":");
                            if (!call.isSettled() || !(itsOwn || admitted.seat().isShared())) {
                                unguarded.incrementAndGet();
                            }
                        }
                    }
                });
                caller.start();
                callers.add(caller);
            }
            int most = 0;
            for (int i = 0; i < 3_000; i++) {
                real.pulse().beat();
                stormy.leave();
                most = Math.max(most, stormy.targets());
                if (i % 500 == 0) {
                    stormy.reload(Policies.set(Policies.byRoute(Mode.ENFORCE), 40, 5));
                }
            }
            over.set(true);
            for (Thread caller : callers) {
                caller.join();
            }

            assertThat(unguarded).hasValue(0);
            assertThat(faults.bySite()).isEmpty();
            assertThat(stormy.inFlight()).isZero();
            assertThat(most).isLessThanOrEqualTo(40 + 4 + 1);
        }
    }
}
