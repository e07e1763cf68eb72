package dev.resilience.agent.guard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.resilience.instrumentation.api.Call;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DeadlineTimerTest {
    private final ManualClock clock = new ManualClock();
    private final InFlight inFlight = new InFlight();
    private final InFlight streams = new InFlight();
    private final List<Call> fired = new ArrayList<>();
    private final FaultLog faults = new FaultLog(line -> {});
    private final DeadlineTimer timer = byHand(fired::add);

    private DeadlineTimer byHand(Consumer<Call> expired) {
        return new DeadlineTimer(clock, inFlight, streams, new LeakWatch(faults, false), once(expired), faults, false);
    }

    private DeadlineTimer real(Consumer<Call> expired) {
        return new DeadlineTimer(
                System::nanoTime, inFlight, streams, new LeakWatch(faults, false), once(expired), faults, true);
    }

    /** As a guard does. */
    private static Consumer<Call> once(Consumer<Call> expired) {
        return call -> {
            call.deadline(DeadlineTimer.NEVER);
            expired.accept(call);
        };
    }

    private FakeCall begin(Duration delay) {
        return begin(timer, clock.getAsLong(), delay.toNanos());
    }

    private FakeCall begin(DeadlineTimer armed, long startNanos, long delayNanos) {
        FakeCall call = new FakeCall();
        call.deadline(armed.at(startNanos, delayNanos));
        inFlight.begin(call);
        armed.listed(call.deadline());
        return call;
    }

    @Test
    void neverFiresEarlyAndFiresOnce() {
        FakeCall call = begin(Duration.ofMillis(300));

        clock.advance(Duration.ofMillis(300).minusNanos(1));
        timer.turn();
        assertThat(fired).isEmpty();
        clock.advance(Duration.ofNanos(1));
        timer.turn();
        timer.turn();
        assertThat(fired).containsExactly(call);
    }

    @Test
    void saysWhenTheFirstOfTheOthersIsDue() {
        begin(Duration.ofMillis(5));
        FakeCall second = begin(Duration.ofMillis(70));
        begin(Duration.ofMillis(90));

        clock.advance(Duration.ofMillis(6));
        assertThat(timer.turn()).isEqualTo(second.deadline());
        assertThat(fired).hasSize(1);
    }

    /** Who is listed after the second look may have relied on what was written before it. */
    @Test
    void sleepsNoLongerThanWhoeverReadItMayHaveReliedOn() {
        Map<Integer, Runnable> meanwhile = new HashMap<>();
        AtomicInteger reads = new AtomicInteger();
        LongSupplier hooked = () -> {
            meanwhile.getOrDefault(reads.incrementAndGet(), () -> {}).run();
            return clock.getAsLong();
        };
        DeadlineTimer looking =
                new DeadlineTimer(hooked, inFlight, streams, new LeakWatch(faults, false), fired::add, faults, false);
        FakeCall first = begin(looking, clock.getAsLong(), 100_000_000);
        reads.set(0); // it reads the clock before each of the two tables, and after them
        meanwhile.put(4, () -> inFlight.end(first));
        meanwhile.put(6, () -> begin(looking, clock.getAsLong(), 200_000_000));

        assertThat(looking.look()).isEqualTo(first.deadline());
        assertThat(inFlight.count()).isOne();
    }

    @Test
    void firesNothingThatEnded() {
        FakeCall call = begin(Duration.ofMillis(5));

        inFlight.end(call);
        clock.advance(Duration.ofSeconds(1));
        assertThat(timer.turn()).isEqualTo(DeadlineTimer.NEVER);
        assertThat(fired).isEmpty();
    }

    @Test
    void goesByTheDeadlineOfTheCallThatHasTheSlotNow() {
        inFlight.end(begin(Duration.ofMillis(5)));
        FakeCall next = begin(Duration.ofMillis(50));

        clock.advance(Duration.ofMillis(10));
        assertThat(timer.turn()).isEqualTo(next.deadline());
        assertThat(fired).isEmpty();
    }

    @Test
    void followsADeadlineThatMoves() {
        FakeCall call = begin(Duration.ofMillis(5));
        long later = timer.at(clock.getAsLong(), 80_000_000);

        call.deadline(later);
        clock.advance(Duration.ofMillis(6));
        assertThat(timer.turn()).isEqualTo(later);
        assertThat(fired).isEmpty();
        clock.advance(Duration.ofMillis(74));
        assertThat(timer.turn()).isEqualTo(DeadlineTimer.NEVER);
        assertThat(fired).containsExactly(call);
    }

    @Test
    void firesWhatIsListedWhenItIsOverAlready() {
        clock.advance(Duration.ofSeconds(3));
        begin(timer, clock.getAsLong() - 2_000_000_000L, 1_000_000);

        timer.turn();
        assertThat(fired).hasSize(1);
    }

    @Test
    void firesTheRestWhenOneExpiryFails() {
        DeadlineTimer failing = byHand(call -> {
            fired.add(call);
            throw new AssertionError("boom");
        });
        begin(failing, clock.getAsLong(), 1_000_000);
        begin(failing, clock.getAsLong(), 1_000_000);

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
        Map<Call, Long> due = new LinkedHashMap<>();
        long start = clock.getAsLong();
        for (int step = 0; step < 3_000; step++) {
            Duration delay = Duration.ofNanos((long) (random.nextDouble() * 3_000_000_000L));
            due.put(begin(delay), clock.getAsLong() - start + delay.toNanos());
            if (random.nextBoolean()) {
                Call any = due.keySet().iterator().next();
                inFlight.end(any);
                due.remove(any);
            }
            clock.advance(Duration.ofNanos((long) (random.nextDouble() * (random.nextInt(50) == 0 ? 2e9 : 4e6))));
            long next = timer.turn();
            long now = clock.getAsLong() - start;
            for (Call each : fired) {
                assertThat(due.remove(each)).as("step %d", step).isLessThanOrEqualTo(now);
                inFlight.end(each);
            }
            fired.clear();
            assertThat(due.values()).as("step %d", step).allMatch(each -> each > now);
            long first = due.values().stream().min(Long::compare).orElse(DeadlineTimer.NEVER);
            assertThat(next).as("step %d", step).isEqualTo(first);
        }
    }

    @Test
    void wakesUpForTheEarlierOfTwo() throws InterruptedException {
        CountDownLatch first = new CountDownLatch(1);
        DeadlineTimer real = real(call -> first.countDown());
        begin(real, System.nanoTime(), TimeUnit.HOURS.toNanos(1));
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20)); // so that it sleeps
        begin(real, System.nanoTime(), TimeUnit.MILLISECONDS.toNanos(20));

        assertThat(first.await(5, TimeUnit.SECONDS)).isTrue();
    }

    /** Calls that come and go on two threads while the third looks: none that stays is forgotten, none fires early. */
    @Test
    void firesEveryCallThatStaysWhateverTheOthersDo() throws InterruptedException {
        AtomicInteger early = new AtomicInteger();
        AtomicInteger expired = new AtomicInteger();
        DeadlineTimer real = real(call -> {
            expired.incrementAndGet();
            if (System.nanoTime() - ((FakeCall) call).startNanos() < 1_000_000) {
                early.incrementAndGet();
            }
        });
        int calls = 20_000;
        List<Thread> callers = new ArrayList<>();
        for (int t = 0; t < 2; t++) {
            Thread caller = new Thread(() -> {
                for (int i = 0; i < calls; i++) {
                    FakeCall call = new FakeCall();
                    call.admitted(1, System.nanoTime());
                    call.deadline(real.at(call.startNanos(), 1_000_000 + i % 100));
                    inFlight.begin(call);
                    real.listed(call.deadline());
                    if (i % 10 != 0) {
                        call.trySettle();
                        inFlight.end(call);
                    } else if (i % 1_000 == 0) {
                        LockSupport.parkNanos(3_000_000); // so that it runs out of deadlines now and then
                    }
                }
            });
            callers.add(caller);
            caller.start();
        }
        for (Thread caller : callers) {
            caller.join();
        }
        long patience = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (expired.get() < 2 * calls / 10 && System.nanoTime() < patience) {
            Thread.onSpinWait();
        }
        assertThat(expired).hasValueGreaterThanOrEqualTo(2 * calls / 10);
        assertThat(early).hasValue(0);
    }
}
