package dev.resilience.agent.fallback;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class SnapshotStoreTest {
    private static final Duration MAX_AGE = Duration.ofMinutes(10);

    private final AtomicLong clock = new AtomicLong(Long.MAX_VALUE - 1_000);
    private final Principal anybody = new Principal(new Fingerprint(1, 2, 3, 4));
    private final SnapshotStore store =
            new SnapshotStore(new SnapshotRule(MAX_AGE, 1 << 20, false, List.of()), clock::get);

    @Test
    void hasNothingBeforeAnythingIsKept() {
        assertThat(store.all(key("a"))).isEmpty();
        assertThat(store.counts()).isEqualTo(new SnapshotCounts(0, 0, 0, 0, 0));
    }

    @Test
    void countsWhatItHolds() {
        Snapshot snapshot = noise(1_000);
        assertThat(store.keep(key("a"), snapshot, other -> true)).isTrue();

        SnapshotCounts counts = store.counts();
        assertThat(counts.kept()).isOne();
        assertThat(counts.bytes())
                .isEqualTo(96 + key("a").bytes() + snapshot.bytes())
                .isBetween(1_100L, 1_500L);
        assertThat(store.all(key("a"))).containsExactly(snapshot);
        assertThat(store.all(key("b"))).isEmpty();
    }

    @Test
    void keepsWithinItsBytesWhatWasUsed() {
        store.keep(key("used"), noise(1_000), other -> true);
        for (int i = 0; i < 1_000; i++) {
            store.keep(key("key" + i), noise(10_000), other -> true);
            assertThat(store.all(key("used"))).hasSize(1);
            assertThat(store.counts().bytes()).isBetween(1L, 1L << 20);
        }

        SnapshotCounts counts = store.counts();
        assertThat(counts.kept()).isEqualTo(1_001);
        assertThat(counts.evicted()).isBetween(890L, 910L);
        assertThat(counts.bytes()).isGreaterThan(900_000L);
    }

    @Test
    void leavesOutWhatIsTooLarge() {
        assertThat(store.keep(key("a"), noise((1 << 17) - 1_000), other -> true))
                .isTrue();
        assertThat(store.keep(key("b"), noise(1 << 17), other -> true)).isFalse();
        assertThat(store.keep(key("c"), zeros((1 << 17) + 1), other -> true))
                .as("compressed it is small, but given it is not")
                .isFalse();
        assertThat(store.keep(key("d"), new Snapshot("", 1 << 17, Packed.EMPTY, at(), 0), other -> true))
                .isFalse();

        assertThat(store.counts().refused()).isEqualTo(3);
        assertThat(store.counts().kept()).isOne();
    }

    @Test
    void forgetsWhatIsTooOldToBeGiven() {
        store.keep(key("a"), noise(1_000), other -> true);
        clock.addAndGet(MAX_AGE.toNanos() - 1_000);
        assertThat(store.all(key("a"))).hasSize(1);
        clock.addAndGet(1_000);
        assertThat(store.all(key("a"))).isEmpty();
        assertThat(store.counts()).isEqualTo(new SnapshotCounts(1, 0, 1, 0, 0));
    }

    @Test
    void keepsEightThatDoNotReplaceEachOtherTheNewestFirst() {
        List<Snapshot> all = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            Snapshot snapshot = noise(100);
            all.add(0, snapshot);
            store.keep(key("a"), snapshot, other -> false);
        }
        assertThat(store.all(key("a"))).containsExactlyElementsOf(all.subList(0, 8));

        Snapshot last = noise(100);
        store.keep(key("a"), last, other -> all.indexOf(other) % 5 == 0);
        assertThat(store.all(key("a")))
                .containsExactly(last, all.get(1), all.get(2), all.get(3), all.get(4), all.get(6), all.get(7));
    }

    @Test
    void keepsNoMoreOfOneKeyThanOneMayTake() {
        Snapshot first = noise(60_000);
        Snapshot second = noise(60_000);
        Snapshot third = noise(60_000);
        store.keep(key("a"), first, other -> false);
        store.keep(key("a"), second, other -> false);
        assertThat(store.all(key("a"))).containsExactly(second, first);
        store.keep(key("a"), third, other -> false);
        assertThat(store.all(key("a"))).containsExactly(third, second);
    }

    @Test
    void doesNotReplaceByWhatCameBefore() {
        Snapshot slow = noise(100);
        clock.addAndGet(1);
        Snapshot quick = noise(100);
        assertThat(store.keep(key("a"), quick, other -> true)).isTrue();

        assertThat(store.keep(key("a"), slow, other -> true)).isFalse();
        assertThat(store.all(key("a"))).containsExactly(quick);
        assertThat(store.counts().kept()).isOne();
    }

    @Test
    void replacesByWhatCameAtTheSameTime() {
        Snapshot one = noise(100);
        Snapshot other = noise(100);
        store.keep(key("a"), one, same -> true);

        assertThat(store.keep(key("a"), other, same -> true)).isTrue();
        assertThat(store.all(key("a"))).containsExactly(other);
    }

    @Test
    void hasNoThreadAndLosesNothingBetweenTwo() throws Exception {
        ExecutorService callers = Executors.newFixedThreadPool(2);
        try {
            List<Future<?>> ends = new ArrayList<>();
            for (int caller = 0; caller < 2; caller++) {
                int number = caller;
                ends.add(callers.submit(() -> {
                    Random random = new Random(number);
                    for (int i = 0; i < 20_000; i++) {
                        SnapshotKey key = key("key" + random.nextInt(100));
                        if (random.nextBoolean()) {
                            store.keep(key, noise(random.nextInt(50_000)), other -> random.nextBoolean());
                        } else {
                            store.all(key)
                                    .forEach(snapshot -> assertThat(
                                                    snapshot.body().bytes())
                                            .hasSize(snapshot.body().length()));
                        }
                    }
                }));
            }
            for (Future<?> end : ends) {
                end.get(60, TimeUnit.SECONDS);
            }
        } finally {
            callers.shutdownNow();
        }
        SnapshotCounts counts = store.counts();
        assertThat(counts.kept()).isGreaterThan(10_000);
        assertThat(counts.bytes()).isBetween(500_000L, 1L << 20);
        assertThat(Thread.getAllStackTraces().values())
                .as("nobody is left there to work for it")
                .allSatisfy(stack -> assertThat(stack)
                        .extracting(StackTraceElement::getClassName)
                        .noneMatch(name -> name.startsWith("com.github.benmanes")));
    }

    private SnapshotKey key(String what) {
        return new SnapshotKey(what, anybody, null);
    }

    private Moment at() {
        return new Moment(clock.get(), 0);
    }

    private Snapshot noise(int bytes) {
        return new Snapshot("", 0, Packed.asIs(new byte[bytes]), at(), 0);
    }

    private Snapshot zeros(int bytes) {
        return new Snapshot("", 0, Packed.of(new byte[bytes]), at(), 0);
    }
}
