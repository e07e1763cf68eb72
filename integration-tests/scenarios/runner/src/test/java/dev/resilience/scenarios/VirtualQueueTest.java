package dev.resilience.scenarios;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VirtualQueueTest {
    private final List<String> finished = new ArrayList<>();

    @Test
    void serversTakeCallsInOrderAsSoonAsTheyAreFree() {
        VirtualQueue<String> queue = new VirtualQueue<>(2, 10, at -> 10);
        assertThat(queue.offer(0, "a")).isTrue();
        assertThat(queue.offer(3, "b")).isTrue();
        assertThat(queue.offer(4, "c")).isTrue();
        assertThat(queue.next()).isEqualTo(10);

        queue.advance(9, this::note);
        assertThat(finished).isEmpty();
        queue.advance(100, this::note);
        assertThat(finished).containsExactly("a 10", "b 13", "c 20");
        assertThat(queue.next()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void turnsAwayWhatFindsTheQueueFull() {
        VirtualQueue<String> queue = new VirtualQueue<>(1, 2, at -> 10);
        assertThat(queue.offer(0, "served")).isTrue();
        assertThat(queue.offer(0, "first")).isTrue();
        assertThat(queue.offer(0, "second")).isTrue();
        assertThat(queue.offer(0, "third")).isFalse();
    }

    @Test
    void aWaitingCallTakesAsLongAsCallsTakeWhenItsTurnComes() {
        VirtualQueue<String> queue = new VirtualQueue<>(1, 10, at -> at < 10 ? 10 : 40);
        queue.offer(0, "before");
        queue.offer(0, "after");
        queue.advance(1_000, this::note);
        assertThat(finished).containsExactly("before 10", "after 50");
    }

    /** However seldom it is looked at, the queue serves what its servers can. */
    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3})
    void losesNoCapacityToLateTimers(long seed) {
        long duration = 10_000_000_000L;
        Random random = new Random(seed);
        LogNormal law = new LogNormal(10e6, 0.5, seed);
        VirtualQueue<String> queue = new VirtualQueue<>(4, 100_000, at -> Math.round(law.next()));
        for (int call = 0; call < 8_000; call++) {
            queue.offer(0, "x");
        }
        for (long now = 0; now < duration; now += random.nextLong(200_000_000)) {
            queue.advance(now, (at, call) -> finished.add(call));
        }
        queue.advance(duration, (at, call) -> finished.add(call));
        assertThat(finished.size() / 10.0).isBetween(390.0, 410.0);
    }

    private void note(long at, String call) {
        finished.add(call + " " + at);
    }
}
