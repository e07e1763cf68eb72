package dev.resilience.agent.fallback;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class MessageSnapshotsTest {
    private static final Moment AT = new Moment(5, 1_772_354_977_000L);

    private final MessageSnapshots snapshots = new MessageSnapshots(
            new SnapshotRule(Duration.ofSeconds(10), 1 << 20, false, List.of()), new Fingerprints(), () -> 0);

    @Test
    void givesTheLastAnswerToTheSameMessage() {
        keep(asked("a", 1), 7);
        keep(asked("a", 1), 8);

        MessageSnapshots.Given given = Objects.requireNonNull(snapshots.give(asked("a", 1), after(1_500)));
        assertThat(given.message()).containsExactly(8);
        assertThat(given.age()).isEqualTo(Duration.ofMillis(1_500));
    }

    @Test
    void tellsApartWhatWasAskedAndByWhom() {
        keep(asked("a", 1), 7);

        assertThat(snapshots.give(asked("a", 2), AT)).isNull();
        assertThat(snapshots.give(asked("b", 1), AT)).isNull();
        assertThat(snapshots.give(of("b.svc:90", "a", Map.of(), "", 1), AT)).isNull();
        assertThat(snapshots.give(of("a.svc:90", "a", Map.of("authorization", List.of("Bearer b")), "", 1), AT))
                .isNull();
        assertThat(snapshots.give(of("a.svc:90", "a", Map.of(), "CN=bob", 1), AT))
                .isNull();
        assertThat(snapshots.counts().served()).isZero();
    }

    @Test
    void givesNothingThatIsTooOld() {
        keep(asked("a", 1), 7);

        assertThat(snapshots.give(asked("a", 1), after(10_000))).isNotNull();
        assertThat(snapshots.give(asked("a", 1), after(10_001))).isNull();
        assertThat(snapshots.counts().refused()).isOne();
    }

    @Test
    void keepsNothingThatIsTooLarge() {
        assertThat(snapshots.keep(asked("a", 1), new byte[(1 << 17) + 1], AT)).isFalse();
        assertThat(snapshots.counts()).isEqualTo(new SnapshotCounts(0, 0, 0, 1, 0));
    }

    private void keep(MessageSnapshots.Asked asked, int answer) {
        assertThat(snapshots.keep(asked, new byte[] {(byte) answer}, AT)).isTrue();
    }

    private static MessageSnapshots.Asked asked(String method, int request) {
        return of("a.svc:90", method, Map.of(), "", request);
    }

    private static MessageSnapshots.Asked of(
            String authority, String method, Map<String, List<String>> metadata, String certificate, int request) {
        List<String> credentials = certificate.isEmpty() ? List.of() : List.of(certificate);
        return new MessageSnapshots.Asked(
                authority, method, Fields.of(metadata), credentials, new byte[] {(byte) request});
    }

    private static Moment after(long millis) {
        return new Moment(AT.nanos() + millis * 1_000_000, AT.epochMillis() + millis);
    }
}
