package dev.resilience.testkit;

import static dev.resilience.testkit.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.resilience.instrumentation.api.ClientModule;
import dev.resilience.instrumentation.api.StaticAnswer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What every guarded client must do, against a real server.
 *
 * <p>A module inherits it and says: its {@link #module}; the {@link #ways} to make a call (blocking, async, ...), each
 * able to ask the server for one of four {@link Behaviour}s and to give up a call that hangs; how many calls
 * {@link #arrived} at the server and were {@link #abandoned} there; and how a refusal, a deadline, a fault and a
 * static answer look in its library. Each call's caller-visible end is compared as text, so a way returns everything
 * that could differ.
 *
 * <p>The contract makes every call once before weaving, and holds the woven client to that.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(60)
public abstract class ClientContract {
    private static final Duration DEADLINE = Duration.ofMillis(300);

    /** One for the life of the JVM: advice keeps the first it sees. */
    protected static final ScriptedGuards guards = new ScriptedGuards();

    private final Map<String, String> bare = new HashMap<>();
    private @Nullable Woven woven;

    /** What the server does with a call. */
    public enum Behaviour {
        /** A good answer. */
        ANSWERS,
        /** An answer that says the caller is wrong: 404, a constraint violation, NOT_FOUND. */
        SAYS_NO,
        /** An answer that says the server is broken: 503, UNAVAILABLE, 08006. */
        FAILS,
        /** No answer until the client goes away. */
        HANGS
    }

    /** One way of an application to make a call. */
    public interface Way {
        /** Makes the call, waits for its end, and returns the answer as text; throws what the application would get. */
        String call(Behaviour behaviour) throws Exception;

        /**
         * Begins a call that hangs and gives it up as an application would, returning once the library has confirmed
         * it; false if this way has no such thing.
         */
        boolean giveUp() throws Exception;
    }

    protected abstract ClientModule module();

    /** By name. */
    protected abstract Map<String, Way> ways();

    /** How many calls have reached the server so far. */
    protected abstract int arrived();

    /** How many hanging calls the server has seen end by the client's cancel. */
    protected abstract int abandoned();

    /** Whether this way blocks the thread that makes the call until it ends. */
    protected boolean blocks(String way) {
        return true;
    }

    /** Token of the ending when the server {@link Behaviour#SAYS_NO}. */
    protected abstract String tokenOfNo();

    /** Token of the ending when the server {@link Behaviour#FAILS}. */
    protected abstract String tokenOfFault();

    /** Token of the ending when the server {@link Behaviour#ANSWERS}. */
    protected abstract String tokenOfAnswer();

    /** Says whether this is the exception an application gets for a refused call, the message included. */
    protected abstract void assertRefusal(Throwable thrown, String message);

    /** Says whether this is the exception an application gets for a call cut at its deadline. */
    protected abstract void assertExpiry(Throwable thrown, String message);

    /** A static answer the library can give, or null when it has no fallback. */
    protected @Nullable StaticAnswer staticAnswer() {
        return null;
    }

    /** That answer as a way returns it. */
    protected String textOfStaticAnswer() {
        return "";
    }

    protected int stepsOfTheWalk() {
        return 300;
    }

    @BeforeAll
    void callBareThenWeave() {
        ways().forEach((name, way) -> {
            for (Behaviour behaviour : List.of(Behaviour.ANSWERS, Behaviour.SAYS_NO, Behaviour.FAILS)) {
                bare.put(name + behaviour, end(way, behaviour));
            }
        });
        woven = Woven.with(module(), guards);
        assertThat(woven.warnings()).isEmpty();
        assertThat(guards.reported()).isEmpty();
    }

    @AfterAll
    void unweave() {
        if (woven != null) {
            woven.close();
        }
    }

    @BeforeEach
    void resetGuards() {
        guards.reset();
    }

    protected final List<String> names() {
        return ways().keySet().stream().sorted().toList();
    }

    @ParameterizedTest
    @MethodSource("names")
    protected void observingChangesNothingAndTellsEveryEnding(String name) {
        assertEndsAsBare(name);
        assertThat(eventually(() -> guards.inFlight() == 0)).isTrue();
        assertThat(guards.tokens()).containsExactlyInAnyOrder(tokenOfAnswer(), tokenOfNo(), tokenOfFault());
        assertThat(guards.reported()).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("names")
    protected void enforcingLeavesAdmittedCallsAsTheyAre(String name) {
        guards.bound(Duration.ofMinutes(1));
        assertEndsAsBare(name);
        assertThat(eventually(() -> guards.inFlight() == 0)).isTrue();
        assertThat(guards.tokens()).containsExactlyInAnyOrder(tokenOfAnswer(), tokenOfNo(), tokenOfFault());
        assertThat(guards.reported()).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("names")
    protected void aCallWithoutAGuardIsLeftAlone(String name) {
        guards.ignore();
        assertEndsAsBare(name);
        assertThat(guards.admitted()).isZero();
    }

    @ParameterizedTest
    @MethodSource("names")
    protected void aRefusedCallThrowsTheLibrarysOwnExceptionAndReachesNobody(String name) {
        guards.refuse();
        int before = arrived();
        assertRefusal(thrownBy(name, Behaviour.ANSWERS), ScriptedGuards.REFUSED);
        assertThat(arrived()).isEqualTo(before);
        assertThat(guards.inFlight()).isZero();
        assertThat(guards.reported()).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("names")
    protected void onlyACallThatBlocksItsThreadMayBeMadeToWait(String name) {
        guards.bound(Duration.ofMinutes(1));
        end(way(name), Behaviour.ANSWERS);
        if (blocks(name)) {
            assertThat(guards.patienceNanos()).isPositive();
        } else {
            assertThat(guards.patienceNanos()).isZero();
        }
    }

    @ParameterizedTest
    @MethodSource("names")
    protected void aCallPastItsDeadlineThrowsInTimeAndIsCancelledAtTheServer(String name) {
        guards.bound(DEADLINE);
        int before = abandoned();
        long start = System.nanoTime();
        Throwable thrown = thrownBy(name, Behaviour.HANGS);
        assertThat(Duration.ofNanos(System.nanoTime() - start))
                .isBetween(DEADLINE.minusMillis(1), DEADLINE.plusSeconds(3));
        assertExpiry(thrown, ScriptedGuards.EXPIRED);
        assertThat(eventually(() -> abandoned() > before))
                .as("the server sees the cancel")
                .isTrue();
        assertThat(guards.inFlight()).isZero();
        assertThat(guards.tokens()).containsExactly("timeout");
        assertThat(guards.reported()).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("names")
    protected void aCallGivenUpByItsCallerCountsForNothing(String name) throws Exception {
        for (boolean enforced : new boolean[] {false, true}) {
            guards.reset();
            if (enforced) {
                guards.enforce();
            }
            int before = abandoned();
            assumeThat(way(name).giveUp()).isTrue();
            assertThat(eventually(() -> abandoned() > before))
                    .as("the server sees the cancel")
                    .isTrue();
            assertThat(eventually(() -> guards.inFlight() == 0)).isTrue();
            assertThat(guards.tokens()).containsExactly("cancelled");
            assertThat(guards.reported()).isEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("names")
    protected void theStaticAnswerStandsInForRefusalDeadlineAndFaultOnly(String name) throws Exception {
        StaticAnswer answer = staticAnswer();
        assumeThat(answer).isNotNull();
        if (answer == null) {
            return;
        }
        guards.fallBackTo(answer, tokenOfFault());
        assertThat(way(name).call(Behaviour.FAILS)).isEqualTo(textOfStaticAnswer());
        assertThat(end(way(name), Behaviour.SAYS_NO)).isEqualTo(bare.get(name + Behaviour.SAYS_NO));
        assertThat(end(way(name), Behaviour.ANSWERS)).isEqualTo(bare.get(name + Behaviour.ANSWERS));
        guards.bound(DEADLINE);
        assertThat(way(name).call(Behaviour.HANGS)).isEqualTo(textOfStaticAnswer());
        guards.refuse();
        assertThat(way(name).call(Behaviour.ANSWERS)).isEqualTo(textOfStaticAnswer());
        assertThat(guards.fallbacks()).containsExactly("served", "served", "served");
        assertThat(eventually(() -> guards.inFlight() == 0)).isTrue();
        assertThat(guards.reported()).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("names")
    protected void faultsOfTheAgentLeaveTheResultAloneAndAreReported(String name) {
        guards.bound(Duration.ofMinutes(1));
        guards.breakWith(new AssertionError("ours"));
        assertEndsAsBare(name);
        guards.breakWith(null);
        assertThat(guards.reported())
                .isNotEmpty()
                .allMatch(fault -> fault.toString().contains("ours"));
    }

    /** A seed that failed once stays here. */
    @Test
    protected void everyPermitComesBackOverARandomWalk() throws Exception {
        Random random = new Random(20260101);
        List<String> names = names();
        List<String> failed = new ArrayList<>();
        int admitted = 0;
        for (int step = 0; step < stepsOfTheWalk(); step++) {
            guards.reset();
            String name = names.get(random.nextInt(names.size()));
            StaticAnswer answer = staticAnswer();
            if (answer != null && random.nextInt(4) == 0) {
                guards.fallBackTo(answer, tokenOfFault());
            }
            switch (random.nextInt(4)) {
                case 0 -> guards.refuse();
                case 1 -> guards.bound(Duration.ofMillis(20));
                case 2 -> guards.enforce();
                default -> {}
            }
            if (random.nextInt(10) == 0) {
                guards.reset();
                if (random.nextBoolean()) {
                    guards.enforce();
                }
                way(name).giveUp();
            } else if (random.nextInt(10) == 0) {
                guards.bound(Duration.ofMillis(5));
                end(way(name), Behaviour.HANGS);
            } else {
                end(way(name), Behaviour.values()[random.nextInt(3)]);
            }
            admitted += guards.admitted();
            if (!eventually(() -> guards.inFlight() == 0)
                    || !guards.reported().isEmpty()
                    || guards.endings().size() != guards.admitted()) {
                failed.add("step " + step + " " + name + ": " + guards.inFlight() + " in flight, " + guards.tokens()
                        + ", " + guards.reported());
            }
        }
        assertThat(failed).isEmpty();
        assertThat(admitted).isPositive();
    }

    private void assertEndsAsBare(String name) {
        for (Behaviour behaviour : List.of(Behaviour.ANSWERS, Behaviour.SAYS_NO, Behaviour.FAILS)) {
            assertThat(end(way(name), behaviour)).isEqualTo(bare.get(name + behaviour));
        }
    }

    private Way way(String name) {
        Way way = ways().get(name);
        if (way == null) {
            throw new AssertionError("no way " + name);
        }
        return way;
    }

    private Throwable thrownBy(String name, Behaviour behaviour) {
        try {
            throw new AssertionError("answered: " + way(name).call(behaviour));
        } catch (Exception thrown) {
            return thrown;
        }
    }

    /** All that an application can see of the end of a call. */
    private static String end(Way way, Behaviour behaviour) {
        try {
            return "answer: " + way.call(behaviour);
        } catch (InterruptedException timeout) {
            throw new AssertionError("the call did not end: " + guards.tokens() + ", " + guards.reported(), timeout);
        } catch (Exception thrown) {
            StringBuilder text = new StringBuilder("exception:");
            for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
                text.append(' ').append(cause);
            }
            return text.toString();
        }
    }
}
