package dev.resilience.agent.guard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.resilience.instrumentation.api.Call;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DeadlineTimerTest {
    private final ManualClock clock = new ManualClock();
    private final List<Call> fired = new ArrayList<>();
    private final FaultLog faults = new FaultLog(line -> {});
    private final DeadlineTimer timer = DeadlineTimer.turnedByHand(clock, fired::add, faults);

    private DeadlineTimer.Entry arm(Call call, Duration delay) {
        return timer.arm(call, clock.getAsLong(), delay.toNanos());
    }

    @Test
    void neverFiresEarlyAndAtMostATickLate() {
        FakeCall call = new FakeCall();
        arm(call, Duration.ofMillis(300));

        clock.advance(Duration.ofMillis(300).minusNanos(1));
        timer.turn();
        assertThat(fired).isEmpty();
        clock.advance(Duration.ofMillis(1).plusNanos(1));
        timer.turn();
        timer.turn();
        assertThat(fired).containsExactly(call);
    }

    @Test
    void firesNothingThatWasDisarmed() {
        DeadlineTimer.Entry entry = arm(new FakeCall(), Duration.ofMillis(5));

        assertThat(timer.disarm(entry)).isTrue();
        assertThat(timer.disarm(entry)).isFalse();
        clock.advance(Duration.ofSeconds(1));
        timer.turn();
        assertThat(fired).isEmpty();
    }

    @Test
    void firesWhatIsArmedBehindTheTurningWheel() {
        clock.advance(Duration.ofSeconds(3));
        timer.turn();
        timer.arm(new FakeCall(), clock.getAsLong() - 2_000_000_000L, 1_000_000);

        clock.advance(Duration.ofMillis(1));
        timer.turn();
        assertThat(fired).hasSize(1);
    }

    @Test
    void firesTheRestWhenOneExpiryFails() {
        DeadlineTimer failing = DeadlineTimer.turnedByHand(
                clock,
                call -> {
                    fired.add(call);
                    throw new AssertionError("boom");
                },
                faults);
        failing.arm(new FakeCall(), clock.getAsLong(), 1_000_000);
        failing.arm(new FakeCall(), clock.getAsLong(), 1_000_000);

        clock.advance(Duration.ofMillis(3));
        failing.turn();
        assertThat(fired).hasSize(2);
        assertThat(faults.total()).isEqualTo(2);
    }

    /** A random walk beside a plain map of due times. */
    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void agreesWithAPlainMapOfDueTimes(long seed) {
        Random random = new Random(seed);
        Map<DeadlineTimer.Entry, Long> due = new HashMap<>();
        Map<DeadlineTimer.Entry, Call> calls = new HashMap<>();
        long start = clock.getAsLong();
        for (int step = 0; step < 3_000; step++) {
            FakeCall call = new FakeCall();
            Duration delay = Duration.ofNanos((long) (random.nextDouble() * 3_000_000_000L));
            DeadlineTimer.Entry armed = arm(call, delay);
            due.put(armed, clock.getAsLong() - start + delay.toNanos());
            calls.put(armed, call);
            if (random.nextBoolean()) {
                DeadlineTimer.Entry any = due.keySet().iterator().next();
                assertThat(timer.disarm(any)).isTrue();
                due.remove(any);
                calls.remove(any);
            }
            clock.advance(Duration.ofNanos((long) (random.nextDouble() * (random.nextInt(50) == 0 ? 2e9 : 4e6))));
            timer.turn();
            long now = clock.getAsLong() - start;
            for (Call each : fired) {
                DeadlineTimer.Entry entry = calls.entrySet().stream()
                        .filter(known -> known.getValue() == each)
                        .findFirst()
                        .orElseThrow()
                        .getKey();
                assertThat(due.remove(entry)).as("step %d", step).isLessThanOrEqualTo(now);
                calls.remove(entry);
            }
            fired.clear();
            assertThat(due.values()).as("step %d", step).allMatch(each -> each > now - 1_000_001);
        }
    }

    @Test
    void wakesUpForTheEarlierOfTwo() throws InterruptedException {
        CountDownLatch first = new CountDownLatch(1);
        DeadlineTimer real = new DeadlineTimer(System::nanoTime, call -> first.countDown(), faults);
        real.arm(new FakeCall(), System.nanoTime(), TimeUnit.HOURS.toNanos(1));
        real.arm(new FakeCall(), System.nanoTime(), TimeUnit.MILLISECONDS.toNanos(20));

        assertThat(first.await(5, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void firesOrDisarmsButNeverBoth() throws InterruptedException {
        AtomicInteger ended = new AtomicInteger();
        int calls = 20_000;
        long started = System.nanoTime();
        DeadlineTimer real = new DeadlineTimer(System::nanoTime, call -> ended.incrementAndGet(), faults);
        for (int i = 0; i < calls; i++) {
            DeadlineTimer.Entry entry = real.arm(new FakeCall(), System.nanoTime(), 1_000_000 + i % 100);
            while (i % 50 == 0 && System.nanoTime() - started < i * 20_000L) {
                Thread.onSpinWait();
            }
            if (i % 2 == 0 && real.disarm(entry)) {
                ended.incrementAndGet();
            }
        }
        long patience = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (ended.get() < calls && System.nanoTime() < patience) {
            Thread.onSpinWait();
        }
        assertThat(ended).hasValue(calls);
    }
}
