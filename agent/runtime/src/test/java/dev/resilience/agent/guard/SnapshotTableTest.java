package dev.resilience.agent.guard;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.resilience.agent.policy.PolicyLoader;
import dev.resilience.agent.policy.PolicySet;
import dev.resilience.agent.signal.Signal;
import dev.resilience.instrumentation.api.Ending;
import dev.resilience.instrumentation.api.Fallback;
import dev.resilience.instrumentation.api.Guard;
import dev.resilience.instrumentation.api.HttpAsk;
import dev.resilience.instrumentation.api.HttpKeeping;
import dev.resilience.instrumentation.api.MessageAsk;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/** What a guard keeps of its calls, and gives. */
class SnapshotTableTest {
    private static final URI TARGET = URI.create("http://shop:8080/items");

    private final ManualClock clock = new ManualClock();
    private final Recorder recorder = new Recorder();
    private final FaultLog faults = new FaultLog(line -> {});
    private final GuardRegistry registry = new GuardRegistry(
            policies("mode=enforce", "policies.shop.fallback.snapshot.max-age=10m"),
            Machinery.byHand(clock, recorder, faults),
            line -> {});

    private static PolicySet policies(String... properties) {
        Map<String, String> given = new HashMap<>();
        for (String property : properties) {
            int equals = property.indexOf('=');
            given.put("resilience." + property.substring(0, equals), property.substring(equals + 1));
        }
        return PolicyLoader.load(given, Map.of(), null).policies();
    }

    private Guard http() {
        return requireNonNull(registry.http("GET", TARGET));
    }

    private static HttpKeeping asking(Guard guard, String principal) {
        return requireNonNull(guard.httpKeeper("GET"))
                .asking(new HttpAsk(
                        "GET", TARGET, Map.of("Authorization", List.of(principal)), false, List.of(), false));
    }

    private void learn(String principal) {
        long before = kept();
        HttpKeeping call = asking(http(), principal);
        assertThat(call.answered(200, Map.of("Content-Type", List.of("text/plain"))))
                .isEqualTo(2 << 20);
        call.keep(TARGET, "said".getBytes(java.nio.charset.StandardCharsets.UTF_8));
        awaitKept(before);
    }

    private void awaitKept(long before) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (kept() == before && System.nanoTime() < end) {
            LockSupport.parkNanos(1_000_000);
        }
        assertThat(kept()).isEqualTo(before + 1);
    }

    private long kept() {
        return registry.snapshots().stream()
                .mapToLong(use -> use.counts().kept())
                .sum();
    }

    /** The first link for a call that fails. */
    private Fallback failing(Guard guard) {
        FakeCall call = new FakeCall();
        guard.tryAcquire(call);
        return requireNonNull(guard.settle(call, Ending.status(503)));
    }

    @Test
    void givesWhatWasKeptAndTellsItsAge() {
        learn("ann");
        clock.advance(Duration.ofMinutes(3));
        Guard guard = http();

        Fallback link = failing(guard);
        assertThat(link.isSnapshot()).isTrue();
        assertThat(link.snapshot(asking(guard, "ann"), 503).body()).asString().isEqualTo("said");
        link.served();

        assertThat(recorder.signals)
                .filteredOn(Signal.FallbackExecuted.class::isInstance)
                .singleElement()
                .satisfies(told -> {
                    Signal.FallbackExecuted executed = (Signal.FallbackExecuted) told;
                    assertThat(executed.type()).isEqualTo("snapshot");
                    assertThat(executed.ageMillis()).isBetween(180_000L, 181_000L);
                });
        assertThat(registry.snapshots())
                .filteredOn(use -> use.protocol().equals("http"))
                .singleElement()
                .satisfies(use -> {
                    assertThat(use.policy()).isEqualTo("shop");
                    assertThat(use.counts().served()).isOne();
                    assertThat(use.counts().bytes()).isPositive();
                });
    }

    @Test
    void saysWhyItGivesNothing() {
        learn("ann");
        Guard guard = http();
        Fallback link = failing(guard);

        assertThatThrownBy(() -> link.snapshot(asking(guard, "bob"), 503))
                .hasToString("no_snapshot: no answer to such a request is kept (RFC 9111 4)");
        assertThatThrownBy(() -> link.snapshot(null, 0))
                .hasToString("no_snapshot: no answer to such a request is kept (RFC 9111 4)");
        assertThatThrownBy(() -> link.snapshot(asking(guard, "ann"), 429))
                .hasToString("answered: the target did answer, and not with a fault of its own (RFC 9111 4.3.3)");
        clock.advance(Duration.ofMinutes(10).plusMillis(1));
        assertThatThrownBy(() -> link.snapshot(asking(guard, "ann"), 503)).isInstanceOf(NoSnapshot.class);
        assertThat(link.failed(new IllegalStateException())).isNull();
    }

    @Test
    void comesBeforeTheLinksThatFollow() {
        registry.reload(policies(
                "mode=enforce",
                "policies.shop.fallback.static.body=written",
                "policies.shop.fallback.alternate.uri=http://other",
                "policies.shop.fallback.snapshot.max-age=10m"));

        Fallback first = failing(http());
        assertThat(first.isSnapshot()).isTrue();
        assertThat(first.alternate()).isNull();
        assertThat(first.answer()).isNull();
        Fallback second = requireNonNull(first.failed(new IllegalStateException()));
        assertThat(second.isSnapshot()).isFalse();
        assertThat(second.alternate()).isNotNull();
        assertThat(requireNonNull(second.failed(new IllegalStateException())).answer())
                .isNotNull();
    }

    @Test
    void keepsItOverAReloadThatSaysTheSame() {
        learn("ann");
        registry.reload(
                policies("mode=enforce", "policies.shop.deadline=1s", "policies.shop.fallback.snapshot.max-age=10m"));
        Guard guard = http();
        assertThat(failing(guard).snapshot(asking(guard, "ann"), 503).body())
                .asString()
                .isEqualTo("said");

        registry.reload(policies("mode=enforce", "policies.shop.fallback.snapshot.max-age=5m"));
        Guard other = http();
        assertThatThrownBy(() -> failing(other).snapshot(asking(other, "ann"), 503))
                .hasMessageContaining("RFC 9111 4");
        registry.reload(policies("mode=observe", "policies.shop.fallback.snapshot.max-age=5m"));
        assertThat(registry.snapshots()).isEmpty();
        assertThat(http().httpKeeper("GET")).isNull();
        assertThat(http().httpKeeper("PUT")).isNull();
    }

    @Test
    void hearsOfTheWritesOfOthersAndOfNothingElse() {
        registry.reload(policies(
                "mode=enforce",
                "policies.other.match.host=other",
                "policies.shop.match.host=shop",
                "policies.shop.fallback.snapshot.max-age=10m"));
        Guard other = requireNonNull(registry.http("GET", URI.create("http://other/")));
        assertThat(other.httpKeeper("PUT")).isNull(); // nothing can have been kept so far
        learn("ann");
        assertThat(other.httpKeeper("GET")).isNull();
        assertThat(other.messageKeeper()).isNull();

        HttpKeeping write = requireNonNull(other.httpKeeper("PUT"))
                .asking(new HttpAsk("PUT", TARGET, Map.of(), true, List.of(), false));
        assertThat(write.answered(204, Map.of())).isEqualTo(HttpKeeping.NOTHING);

        Guard guard = http();
        assertThatThrownBy(() -> failing(guard).snapshot(asking(guard, "ann"), 503))
                .hasToString("changed: the target was written to since (RFC 9111 4.4)");
    }

    @Test
    void hearsOfTheWritesOnTheWayOfARedirect() {
        learn("ann");
        HttpKeeping write = requireNonNull(http().httpKeeper("POST"))
                .asking(new HttpAsk("POST", URI.create("http://shop:8080/"), Map.of(), true, List.of(), false));
        write.passed("POST", TARGET, 307, Map.of());
        Guard guard = http();
        assertThatThrownBy(() -> failing(guard).snapshot(asking(guard, "ann"), 503))
                .hasToString("changed: the target was written to since (RFC 9111 4.4)");
    }

    @Test
    void keepsMessagesByWhatWasAsked() {
        Guard guard = requireNonNull(registry.grpc("stock:9000", "shop.Stock/Get"));
        MessageAsk apples =
                new MessageAsk("stock:9000", "shop.Stock/Get", Map.of(), List.of("channel 0"), new byte[] {1});
        MessageAsk pears =
                new MessageAsk("stock:9000", "shop.Stock/Get", Map.of(), List.of("channel 0"), new byte[] {2});
        requireNonNull(guard.messageKeeper()).keep(apples, new byte[] {7});
        awaitKept(0);
        FakeCall call = new FakeCall();
        guard.tryAcquire(call);
        Fallback link = requireNonNull(guard.settle(call, Ending.failed("UNAVAILABLE", null)));

        assertThat(link.snapshot(apples)).containsExactly(7);
        assertThatThrownBy(() -> link.snapshot(pears)).hasMessageContaining("no answer to such a request");
        assertThat(faults.total()).isZero();
    }
}
