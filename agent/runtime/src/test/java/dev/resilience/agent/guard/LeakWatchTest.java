package dev.resilience.agent.guard;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.resilience.agent.policy.Mode;
import dev.resilience.agent.signal.Signal;
import dev.resilience.instrumentation.api.Ending;
import dev.resilience.instrumentation.api.Guard;
import java.io.IOException;
import java.lang.reflect.Method;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class LeakWatchTest {
    private static final Duration DEADLINE = Duration.ofMillis(300);
    private static final Duration GRACE = Duration.ofNanos(LeakWatch.GRACE_NANOS);

    private final ManualClock clock = new ManualClock();
    private final Recorder recorder = new Recorder();
    private final List<String> lines = new ArrayList<>();
    private final FaultLog faults = new FaultLog(lines::add);
    private final Machinery machinery = Machinery.byHand(clock, recorder, faults);
    private final GuardRegistry registry =
            new GuardRegistry(Policies.set(Policies.policy(Mode.ENFORCE, null, DEADLINE, null)), machinery, lines::add);
    private final Guard guard = requireNonNull(registry.http("GET", URI.create("http://x/")));

    private FakeCall begin() {
        FakeCall call = new FakeCall();
        assertThat(guard.tryAcquire(call)).isNull();
        return call;
    }

    private void after(Duration time) {
        clock.advance(time);
        machinery.timer().turn();
    }

    private List<Signal> leaksTold() {
        return recorder.signals.stream().filter(Signal.Leak.class::isInstance).toList();
    }

    @Test
    void saysWhereWorkGoesOnFiftyMillisecondsAfterTheCut() {
        FakeCall call = begin();
        after(DEADLINE);
        assertThat(call.cuts).hasSize(1);

        after(GRACE.minusNanos(1));
        assertThat(registry.leaked()).isZero();
        after(Duration.ofNanos(1));
        after(GRACE);

        assertThat(registry.leaked()).isOne();
        assertThat(registry.leaks()).singleElement().satisfies(leak -> {
            assertThat(leak.policy()).isEqualTo("payments");
            assertThat(leak.target()).isEqualTo("http://x:80");
            assertThat(leak.count()).isOne();
            assertThat(leak.thread()).isEqualTo(Thread.currentThread().getName());
            assertThat(leak.state()).isEqualTo(Thread.State.RUNNABLE);
            assertThat(leak.stack())
                    .anyMatch(frame -> frame.getMethodName().equals("saysWhereWorkGoesOnFiftyMillisecondsAfterTheCut"));
            assertThat(leak.site())
                    .contains("(")
                    .doesNotContain("dev.resilience.agent")
                    .doesNotStartWith("java.");
        });
        assertThat(lines)
                .singleElement()
                .asString()
                .startsWith(
                        "resilience: work goes on after its deadline, policy" + " payments, target http://x:80, at ");
        assertThat(leaksTold()).singleElement().satisfies(told -> {
            Signal.Leak leak = (Signal.Leak) told;
            assertThat(call.cuts.get(0).message()).contains(", decision " + leak.id());
            assertThat(leak.elapsedNanos()).isEqualTo(DEADLINE.plus(GRACE).toNanos());
        });
    }

    @Test
    void saysNothingOfWhatEndsInTime() {
        FakeCall call = begin();
        after(DEADLINE);
        guard.settleExpired(call, new IOException());
        after(Duration.ofSeconds(1));

        assertThat(registry.leaked()).isZero();
        assertThat(machinery.timer().turn()).isEqualTo(DeadlineTimer.NEVER);
    }

    @Test
    void saysOnceWhatHappensAThousandTimesAtOnePlace() {
        for (int i = 0; i < 1_000; i++) {
            begin();
        }
        after(DEADLINE);
        after(GRACE);

        assertThat(lines).hasSize(1);
        assertThat(registry.leaked()).isEqualTo(1_000);
        assertThat(registry.leaks())
                .singleElement()
                .satisfies(leak -> assertThat(leak.count()).isEqualTo(1_000));
        assertThat(leaksTold()).hasSize(1_000);
    }

    @Test
    void keepsAHundredPlacesAndCountsTheRest() {
        for (int i = 1; i <= 130; i++) {
            FakeCall call = begin();
            Thread elsewhere = new Thread(() -> {}, "elsewhere");
            call.madeBy(elsewhere);
            Guard other = requireNonNull(registry.http("GET", URI.create("http://x:" + i + "/")));
            call.guard(other);
        }
        after(DEADLINE);
        after(GRACE);

        assertThat(registry.leaks()).hasSize(LeakWatch.SITES);
        assertThat(lines).hasSize(LeakWatch.SITES);
        assertThat(registry.leaked()).isEqualTo(130);
        assertThat(machinery.leaks().elsewhere()).isEqualTo(30);
    }

    @Test
    void givesACancelThatIsOnItsWayTheTimeItNeeds() throws InterruptedException {
        CountDownLatch cancelling = new CountDownLatch(1);
        FakeCall call = begin();
        call.cancelling = cancelling;
        after(DEADLINE);
        for (int i = 0; i < 10; i++) {
            after(GRACE);
        }
        assertThat(registry.leaked()).isZero();

        cancelling.countDown();
        while (!(call.cut() instanceof Cut cut && cut.isCancelled())) {
            Thread.onSpinWait();
        }
        after(GRACE);
        assertThat(registry.leaked()).isOne();
    }

    @Test
    void isPatientWithACancelForTwoSecondsOnly() {
        CountDownLatch cancelling = new CountDownLatch(1);
        FakeCall call = begin();
        call.cancelling = cancelling;
        after(DEADLINE);
        for (int i = 0; i < 2_000 / 50 - 1; i++) {
            after(GRACE);
        }
        assertThat(registry.leaked()).isZero();
        after(GRACE);
        assertThat(registry.leaked()).isOne();
        cancelling.countDown();
    }

    @Test
    void blamesNobodyForAStallOfOurOwnProcess() {
        FakeCall call = begin();
        after(DEADLINE);
        after(Duration.ofSeconds(3));
        assertThat(registry.leaked()).isZero();

        guard.settleExpired(call, new IOException());
        after(GRACE);
        assertThat(registry.leaked()).isZero();
    }

    @Test
    void looksAfterACallWhoseLibraryHasTheDeadline() {
        FakeCall ended = new FakeCall();
        ended.timedByLibrary = true;
        guard.tryAcquire(ended);
        FakeCall stuck = new FakeCall();
        stuck.timedByLibrary = true;
        guard.tryAcquire(stuck);
        after(DEADLINE);
        guard.settleExpired(ended, new IOException());

        after(GRACE);
        assertThat(stuck.cuts).isEmpty();
        assertThat(registry.leaked()).isOne();
    }

    @Test
    void keepsNoThreadOfACallThatIsOver() {
        FakeCall call = begin();
        assertThat(call.worker()).isSameAs(Thread.currentThread());
        guard.settle(call, Ending.OK);

        assertThat(call.worker()).isNull();
    }

    @Test
    void keepsNoThreadWhereThereIsNoDeadline() {
        GuardRegistry plain = new GuardRegistry(Policies.set(Policies.policy(Mode.ENFORCE)), machinery, lines::add);
        FakeCall call = new FakeCall();
        requireNonNull(plain.http("GET", URI.create("http://x/"))).tryAcquire(call);

        assertThat(call.worker()).isNull();
    }

    @Test
    void saysWhichThreadHasTheMonitorThatWorkWaitsFor() throws InterruptedException {
        Object monitor = new Object();
        CountDownLatch begun = new CountDownLatch(1);
        Thread working = new Thread(
                () -> {
                    begin();
                    begun.countDown();
                    synchronized (monitor) {
                        assertThat(Thread.holdsLock(monitor)).isTrue();
                    }
                },
                "working");
        synchronized (monitor) {
            working.start();
            begun.await();
            while (working.getState() != Thread.State.BLOCKED) {
                Thread.onSpinWait();
            }
            after(DEADLINE);
            after(GRACE);
        }
        working.join();

        assertThat(registry.leaks()).singleElement().satisfies(leak -> {
            assertThat(leak.thread()).isEqualTo("working");
            assertThat(leak.state()).isEqualTo(Thread.State.BLOCKED);
            assertThat(leak.waitsFor())
                    .startsWith("java.lang.Object@")
                    .endsWith(", which thread " + Thread.currentThread().getName() + " has");
        });
    }

    /** From 21 on; its stack is there although it has no carrier, and nothing pins it. */
    @Test
    void showsTheStackOfAVirtualThread() throws Exception {
        Method start = Arrays.stream(Thread.class.getMethods())
                .filter(method -> method.getName().equals("startVirtualThread"))
                .findFirst()
                .orElse(null);
        assumeThat(start).isNotNull();
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch end = new CountDownLatch(1);
        Runnable work = () -> {
            begin();
            begun.countDown();
            try {
                end.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        };
        Thread working = (Thread) requireNonNull(start).invoke(null, work);
        begun.await();
        while (working.getState() != Thread.State.WAITING) {
            Thread.onSpinWait();
        }
        after(DEADLINE);
        after(GRACE);
        end.countDown();
        working.join();

        assertThat(registry.leaks()).singleElement().satisfies(leak -> {
            assertThat(leak.stack()).anyMatch(frame -> frame.getMethodName().contains("showsTheStackOfAVirtualThread"));
            assertThat(leak.state()).isEqualTo(Thread.State.WAITING);
            assertThat(leak.waitsFor()).startsWith("java.util.concurrent.CountDownLatch$Sync@");
        });
    }
}
