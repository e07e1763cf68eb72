package dev.resilience.agent.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class EventBudgetTest {
    private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 10);
    private final EventBudget budget = new EventBudget(2, nanos::get);

    @Test
    void givesSoManyASecondAndCountsTheRest() {
        assertThat(budget.tryTake()).isTrue();
        assertThat(budget.tryTake()).isTrue();
        assertThat(budget.tryTake()).isFalse();
        assertThat(budget.tryTake()).isFalse();

        assertThat(budget.takeDropped()).isEqualTo(2);
        assertThat(budget.takeDropped()).isZero();
    }

    @Test
    void beginsAnewWithTheNextSecondAndNotBefore() {
        budget.tryTake();
        budget.tryTake();

        nanos.addAndGet(TimeUnit.SECONDS.toNanos(1) - 1);
        assertThat(budget.tryTake()).isFalse();
        nanos.addAndGet(1);
        assertThat(budget.tryTake()).isTrue();
        assertThat(budget.tryTake()).isTrue();
        assertThat(budget.tryTake()).isFalse();
    }
}
