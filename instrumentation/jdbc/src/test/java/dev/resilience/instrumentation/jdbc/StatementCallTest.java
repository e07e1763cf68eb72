package dev.resilience.instrumentation.jdbc;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.resilience.instrumentation.api.Ending;
import dev.resilience.instrumentation.api.Guard;
import dev.resilience.instrumentation.api.Reason;
import dev.resilience.instrumentation.api.Refusal;
import dev.resilience.testkit.RealGuards;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class StatementCallTest {
    private final RealGuards guards = new RealGuards("mode=enforce", "defaults.deadline=10s");
    private final Database database = new Database("jdbc:h2:mem:calls", null, new Openings());
    private final Guard guard = requireNonNull(guards.registry().jdbc(database.url(), null));

    private StatementCall begin(Connection connection, Statement statement) {
        StatementCall call = new StatementCall(
                statement,
                connection,
                false,
                database,
                new Databases(),
                guard,
                null,
                null,
                guards.registry().faults());
        assertThat(guard.tryAcquire(call)).isNull();
        return call;
    }

    /** As its deadline does; its work ends by it. */
    private void cut(StatementCall call) throws InterruptedException {
        Thread cancels =
                new Thread(() -> call.cancel(Refusal.saying("cut", Reason.DEADLINE_EXHAUSTED, 0, null)), "cancels");
        cancels.start();
        while (cancels.getState() != Thread.State.TIMED_WAITING && cancels.isAlive()) {
            Thread.onSpinWait();
        }
        assertThat(call.over()).isNotNull();
        cancels.join();
        guard.settle(call, Ending.CANCELLED);
    }

    private static long givenNanos(StatementCall call) {
        return call.deadline() - call.startNanos();
    }

    @Test
    void whatItTookToEndOneByACancelIsTakenFromTheDeadlineOfTheNext() throws Exception {
        try (Connection connection = Unguarded.call(() -> DriverManager.getConnection("jdbc:h2:mem:calls"));
                Statement statement = connection.createStatement()) {
            StatementCall first = begin(connection, statement);
            cut(first);
            while (database.openings().endingNanos() == 0) { // a pause of the machine cost the connection
                cut(begin(connection, statement));
            }
            long took = database.openings().endingNanos();

            StatementCall second = begin(connection, statement);

            assertThat(second.cancelNanos()).isEqualTo(took);
            assertThat(givenNanos(first) - givenNanos(second))
                    .isEqualTo(Math.min(took, Duration.ofMillis(100).toNanos()));
            guard.settle(second, Ending.OK);
            assertThat(second.over()).isNull();
            assertThat(database.openings().endingNanos()).as("nothing was cut").isEqualTo(took);
        }
    }
}
