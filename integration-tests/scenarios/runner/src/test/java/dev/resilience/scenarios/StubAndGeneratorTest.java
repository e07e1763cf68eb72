package dev.resilience.scenarios;

import static org.assertj.core.api.Assertions.assertThat;

import dev.resilience.scenarios.Script.Mode;
import dev.resilience.scenarios.Script.Step;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The two against each other on real sockets; figures are loose, as a test may share its machine. */
class StubAndGeneratorTest {
    private static final long MILLI = 1_000_000L;
    private static final long NONE = 1;
    private static final long LATER = 60_000 * MILLI;
    private static final double NEVER = 1e-9;
    private static final long END = 1_000 * MILLI;

    private Stub stub;
    private Future<?> serving;
    private long sent;

    @BeforeEach
    void serve() throws IOException {
        Stub started = new Stub(4, 10, 1);
        stub = started;
        serving = Threads.daemons(1).submit(() -> {
            started.serve();
            return null;
        });
    }

    @AfterEach
    void close() throws Exception {
        stub.close();
        serving.get(10, TimeUnit.SECONDS);
    }

    @Test
    void aCalmDependencyAnswersEachRequestAndCountsIt() throws Exception {
        Outcomes outcomes = play(Mode.OK, 1, 100);
        assertThat(outcomes.errors('a', 0, END)).isZero();
        assertThat(outcomes.open('a', 0, END / 2)).isZero();
        assertThat(outcomes.millis('a', 0, END / 2, 0.5)).isGreaterThan(5);
        assertThat((long) received().between(0, LATER)).isEqualTo(sent);
    }

    @Test
    void anOverloadedDependencyAnswersAtItsCapacity() throws Exception {
        play(Mode.SLOW, 4, 300);
        assertThat((long) received().between(0, LATER)).isEqualTo(sent);
        assertThat(received().answered).isBetween(60, 170);
    }

    @Test
    void aHungDependencyAcceptsAndNeverAnswersYetNobodyWaitsToSend() throws Exception {
        Outcomes outcomes = play(Mode.HANG, 1, 200);
        assertThat(outcomes.open('a', 0, END)).isEqualTo(sent).isGreaterThan(100);
        assertThat((long) received().between(0, LATER)).isEqualTo(sent);
        assertThat(received().unanswered).isEqualTo(received().between(0, LATER));
    }

    @Test
    void aRefusingDependencyBreaksTheConnection() throws Exception {
        Outcomes outcomes = play(Mode.REFUSE, 1, 100);
        assertThat(outcomes.errors('a', 0, END / 2)).isPositive();
        assertThat(outcomes.goodput('a', 0, END)).isZero();
    }

    @Test
    void aShareOfTheCallsFails() throws Exception {
        Outcomes outcomes = play(Mode.ERRORS, 0.5, 200);
        assertThat(outcomes.share('a', 0, END / 2)).isBetween(0.25, 0.75);
    }

    private Outcomes play(Mode mode, double factor, double rate) throws IOException {
        long zero = System.nanoTime() + 100 * MILLI;
        stub.begin(zero, new Script(List.of(new Step(0, mode, factor))));
        Generator generator = new Generator(stub.port(), zero, Schedule.of(rate, NEVER, NONE, END, 3));
        List<Outcome> outcomes = List.of(generator.run(END + 300 * MILLI));
        sent = outcomes.stream().filter(one -> one.intendedNanos() >= 0).count();
        return new Outcomes(outcomes);
    }

    private Received received() throws Exception {
        CompletableFuture<Received> received = new CompletableFuture<>();
        stub.report(one -> received.complete(Received.parse(one.text())));
        return received.get(10, TimeUnit.SECONDS);
    }
}
