package dev.resilience.agent.fallback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class SnapshotRuleTest {
    @Test
    void takesWhatIsWithinBounds() {
        new SnapshotRule(Duration.ofNanos(1), 64 << 10, false, List.of());
        new SnapshotRule(Duration.ofDays(365), Long.MAX_VALUE, true, List.of("X-Plan"));
    }

    @Test
    void saysWhatIsWrong() {
        assertThatThrownBy(() -> new SnapshotRule(Duration.ZERO, 1 << 20, false, List.of()))
                .hasMessage("max-age must be positive, was PT0S");
        assertThatThrownBy(() -> new SnapshotRule(Duration.ofNanos(-1), 1 << 20, false, List.of()))
                .hasMessageStartingWith("max-age must be positive");
        assertThatThrownBy(() -> new SnapshotRule(Duration.ofDays(365).plusNanos(1), 1 << 20, false, List.of()))
                .hasMessageStartingWith("max-age must be 365 days at most");
        assertThatThrownBy(() -> new SnapshotRule(Duration.ofDays(1), (64 << 10) - 1, false, List.of()))
                .hasMessage("max-bytes must be 64 KiB at least, was 65535");
        assertThatThrownBy(() -> new SnapshotRule(Duration.ofDays(1), 1 << 20, false, List.of("X-Plan", "no name")))
                .hasMessage("key-headers must be names of headers, was [no name, x-plan]");
        assertThatThrownBy(() -> new SnapshotRule(Duration.ofDays(1), 1 << 20, false, List.of("")))
                .hasMessageStartingWith("key-headers");
    }

    @Test
    void knowsNamesByAnyCase() {
        assertThat(new SnapshotRule(Duration.ofDays(1), 1 << 20, false, List.of("B", "a", "b")).keyHeaders())
                .containsExactly("a", "b");
    }

    @Test
    void givesOneAnswerAnEighth() {
        assertThat(new SnapshotRule(Duration.ofDays(1), 16 << 20, false, List.of()).mostBytesOfOne())
                .isEqualTo(2 << 20);
        assertThat(new SnapshotRule(Duration.ofDays(1), Long.MAX_VALUE, false, List.of()).mostBytesOfOne())
                .isEqualTo(Integer.MAX_VALUE / 2);
    }
}
