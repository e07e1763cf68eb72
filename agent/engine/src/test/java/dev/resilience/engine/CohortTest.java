package dev.resilience.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CohortTest {
    /** A permit is right to this. */
    private static final long GRAIN = 1_024;

    /** About a millisecond, so that ages are right to the nanosecond. */
    private static final long MILLI = 1_000 * GRAIN;

    private static final double SLOW = 50 * MILLI;

    private final Load load = new Load(3, 10_000);
    private long now = 7 * MILLI;

    private long begin() {
        return load.enter(now);
    }

    private void end(long permit) {
        load.leave(permit);
    }

    private Cohort since() {
        return new Cohort(load, now);
    }

    /** What ended since the last pulse: calls that succeeded after so many milliseconds, and some that did not. */
    private void pulse(Cohort cohort, int others, long... millis) {
        cohort.add(successes(0, millis), millis.length + others, load, now);
    }

    private static Sample successes(long refusals, long... millis) {
        Sample sample = new Sample(1, refusals);
        for (long each : millis) {
            sample.add(each * MILLI);
        }
        return sample;
    }

    private Sample known(Cohort cohort) {
        return cohort.sample(load, SLOW, now);
    }

    @Nested
    class Ended {
        @Test
        void aCallBegunSinceCounts() {
            Cohort cohort = since();
            end(begin());
            pulse(cohort, 0, 10);
            assertThat(known(cohort).size()).isEqualTo(1);
            assertThat(known(cohort).above(9 * MILLI)).isEqualTo(1);
        }

        @Test
        void aCallUnderWayThenDoesNot() {
            long older = begin();
            now += MILLI;
            Cohort cohort = since();
            now += MILLI;
            end(older);
            pulse(cohort, 0, 10);
            assertThat(known(cohort).size()).isZero();
        }

        @Test
        void aCallBegunInThatVeryInstantWasUnderWay() {
            long older = begin();
            Cohort cohort = since();
            now += MILLI;
            pulse(cohort, 0);
            end(older);
            pulse(cohort, 0, 10);
            assertThat(known(cohort).size()).isZero();
        }

        @Test
        void ofThoseThatEndTogetherTheLongestWereUnderWay() {
            long first = begin();
            long second = begin();
            now += MILLI;
            Cohort cohort = since();
            end(first);
            end(second);
            pulse(cohort, 0, 10, 500, 20, 400, 30);
            assertThat(known(cohort).size()).isEqualTo(3);
            assertThat(known(cohort).above(40 * MILLI)).isZero();
        }

        @Test
        void thoseUnderWayGoEachAtThePulseAfterItsEnd() {
            long first = begin();
            long second = begin();
            now += MILLI;
            Cohort cohort = since();
            end(first);
            pulse(cohort, 0, 100, 200);
            assertThat(known(cohort).size()).isEqualTo(1);
            pulse(cohort, 0, 300);
            assertThat(known(cohort).size()).isEqualTo(2);
            end(second);
            pulse(cohort, 0, 400);
            assertThat(known(cohort).size()).isEqualTo(2);
        }

        /** Nobody knows of which of the endings were of older calls. */
        @Test
        void thoseUnderWayAreThoughtToSucceedAsOftenAsAll() {
            long[] older = {begin(), begin(), begin(), begin()};
            now += MILLI;
            Cohort cohort = since();
            for (long each : older) {
                end(each);
            }
            pulse(cohort, 4, 10, 20, 300, 400);
            assertThat(known(cohort).size()).isEqualTo(2);
            assertThat(known(cohort).above(30 * MILLI)).isZero();
        }

        @Test
        void oneThatWasWrittenOffTakesNoOtherWithIt() {
            long hung = begin();
            long older = begin();
            now += MILLI;
            Cohort cohort = since();
            end(hung);
            cohort.writtenOff(hung, now);
            end(older);
            pulse(cohort, 0, 10, 500);
            assertThat(known(cohort).size()).isEqualTo(1);
        }

        @Test
        void oneThatIsWrittenOffLaterThanItsCohortBeganWasNotUnderWay() {
            long older = begin();
            now += MILLI;
            Cohort cohort = since();
            now += MILLI;
            long hung = begin();
            now += MILLI;
            end(hung);
            cohort.writtenOff(hung, now);
            end(older);
            pulse(cohort, 0, 10, 500);
            assertThat(known(cohort).size()).isEqualTo(1);
        }
    }

    @Nested
    class InFlight {
        @Test
        void aCallBegunSinceCountsOnceItIsSlow() {
            now += MILLI;
            Cohort cohort = since();
            now += MILLI;
            begin();
            now += 50 * MILLI;
            assertThat(known(cohort).size()).isZero();
            now += 7 * MILLI;
            assertThat(known(cohort).size()).isEqualTo(1);
            assertThat(known(cohort).above(45 * MILLI)).isEqualTo(1);
        }

        @Test
        void aCallUnderWayThenDoesNotHoweverSlow() {
            begin();
            Cohort cohort = since();
            now += 500 * MILLI;
            assertThat(known(cohort).size()).isZero();
        }

        /** Of what has ended it is not yet known whether it is typical: those that have not stand for longer ones. */
        @Test
        void aCallBegunSinceMakesThoseLongerThanItsAgeCountForMore() {
            Cohort cohort = since();
            now += MILLI;
            begin();
            begin();
            now += 20 * MILLI;
            pulse(cohort, 0, 10, 10, 30);
            assertThat(known(cohort).size()).isEqualTo(3);
            assertThat(known(cohort).above(15 * MILLI)).as("three of five").isEqualTo(2);
        }

        @Test
        void isSeenAnewEachTime() {
            Cohort cohort = since();
            now += MILLI;
            long slow = begin();
            now += 60 * MILLI;
            assertThat(known(cohort).size()).isEqualTo(1);
            assertThat(known(cohort).size()).isEqualTo(1);
            end(slow);
            assertThat(known(cohort).size()).isZero();
        }
    }

    @Test
    void knowsForHowLongItGathersAndHowManyWereRefusedMeanwhile() {
        Cohort cohort = since();
        now += 3 * MILLI;
        cohort.add(successes(4), 0, load, now);
        cohort.add(successes(5, 10), 1, load, now);
        assertThat(known(cohort).nanos()).isEqualTo(3 * MILLI);
        assertThat(known(cohort).refusals()).isEqualTo(9);
    }

    @Test
    void aClockSetBackLeavesNoTimeRatherThanLessThanNone() {
        Cohort cohort = since();
        now -= 3 * MILLI;
        assertThat(known(cohort).nanos()).isZero();
    }

    /** Beside a list of all calls: whatever their number, and however they are kept. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void knowsWhatAListOfAllCallsKnowsWhileTheOlderAreTheSlower(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int busy = random.nextInt(1, 60);
        List<Long> calls = begun(random.nextInt(2 * busy));
        now += 1_000 * MILLI;
        long since = now;
        Cohort cohort = since();
        List<Long> expected = new ArrayList<>();
        for (int step = 0; step < 50; step++) {
            now += 10 * MILLI;
            Sample ended = new Sample(1, 0);
            int ending = random.nextInt(busy);
            for (int i = 0; i < ending && !calls.isEmpty(); i++) {
                long permit = calls.remove(random.nextInt(calls.size()));
                long age = Permit.ageNanos(permit, now);
                end(permit);
                ended.add(age);
                if (age < now - since) {
                    expected.add(age);
                }
            }
            cohort.add(ended, ended.size(), load, now);
            now += MILLI;
            calls.addAll(begun(random.nextInt(busy)));

            Sample all = new Sample(0, 0);
            expected.forEach(all::add);
            int[] running = new int[Latencies.BUCKETS];
            calls.stream()
                    .map(permit -> Permit.ageNanos(permit, now))
                    .filter(age -> age < now - since)
                    .forEach(age -> running[Latencies.bucketOf(age)]++);
            all.addRunning(running, SLOW);
            assertThat(known(cohort).packed()).as("step " + step).isEqualTo(all.packed());
        }
    }

    private List<Long> begun(int calls) {
        List<Long> begun = new ArrayList<>();
        for (int i = 0; i < calls; i++) {
            begun.add(begin());
        }
        return begun;
    }
}
