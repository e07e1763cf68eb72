package dev.resilience.agent.fallback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What the corpus cannot say: calls that overlap, bodies that are large, and what is counted. */
class HttpSnapshotsTest {
    private static final URI SHOP = URI.create("http://shop/items");
    private static final Moment AT = new Moment(Long.MIN_VALUE, 1_772_354_977_000L);

    private final TargetStamps stamps = new TargetStamps();
    private final HttpSnapshots snapshots = new HttpSnapshots(
            new SnapshotRule(Duration.ofMinutes(10), 1 << 20, false, List.of()), new Fingerprints(), stamps, () -> 0);

    @Test
    void aCallUnderWayWhileItsTargetIsWrittenToLeavesNothing() {
        HttpSnapshots.Pending reading = pending(asked("GET"));
        stamps.answered(asked("PUT"), answered(204, Map.of()));

        assertThat(reading.keep(answered(200, Map.of()), AT, bytes("old"))).isEqualTo(Forbidden.CHANGED);
        assertThat(snapshots.whyNot(asked("GET"), 0, AT)).isEqualTo(Forbidden.NONE);
    }

    @Test
    void theSlowBodyOfAnOlderAnswerDoesNotReplaceTheNewer() {
        HttpSnapshots.Pending slow = pending(asked("GET"));
        HttpSnapshots.Pending quick = pending(asked("GET"));

        assertThat(quick.keep(answered(200, Map.of()), after(2_000), bytes("new")))
                .isNull();
        assertThat(slow.keep(answered(200, Map.of()), after(1_000), bytes("old")))
                .isNotNull();
        assertThat(given(after(3_000)).body()).isEqualTo(bytes("new"));
    }

    @Test
    void anAnswerThatSaysItIsTooLongIsNotEvenCopied() {
        int most = pending(asked("GET")).mostBytes();

        assertThat(most).isEqualTo(1 << 17);
        assertThat(pending(asked("GET")).keeping(ofLength("" + most))).isNull();
        assertThat(pending(asked("GET")).keeping(ofLength("" + (most + 1)))).isEqualTo(Forbidden.TOO_LARGE);
        assertThat(pending(asked("GET")).keeping(ofLength("long"))).isNull();
        assertThat(pending(asked("HEAD")).keeping(ofLength("" + (most + 1)))).isNull();
    }

    @Test
    void norIsOneKeptThatDoesNotSayIt() {
        assertThat(pending(asked("GET")).keep(answered(200, Map.of()), AT, new byte[(1 << 17) + 1]))
                .isEqualTo(Forbidden.TOO_LARGE);
        assertThat(snapshots.counts()).isEqualTo(new SnapshotCounts(0, 0, 0, 1, 0));
    }

    @Test
    void aLengthThatCannotBeReadIsNone() {
        assertThat(pending(asked("GET")).keep(ofLength("long"), AT, bytes("a"))).isNull();
        assertThat(pending(asked("GET")).keep(ofLength("2"), AT, bytes("a"))).isEqualTo(Forbidden.INCOMPLETE);
        assertThat(pending(asked("GET")).keep(ofLength(" 1 "), AT, bytes("a"))).isNull();
    }

    @Test
    void nothingIsAskedOfACallWhoseAnswerCannotBeKept() {
        assertThat(snapshots.asking(asked("POST"), AT)).isNull();
    }

    @Test
    void whatItsOriginCompressedIsKeptAsItCame() {
        byte[] body = new byte[50_000];
        keep(Map.of("Content-Encoding", List.of("gzip")), body);

        assertThat(given(AT).body()).isSameAs(body);
        assertThat(snapshots.counts().bytes()).isGreaterThan(50_000);
    }

    @Test
    void whatCanBeCompressedTakesLess() {
        keep(Map.of(), new byte[50_000]);

        assertThat(given(AT).body()).isEqualTo(new byte[50_000]);
        assertThat(snapshots.counts().bytes()).isLessThan(2_000);
    }

    @Test
    void whatItSaysOfItselfCannotBeChangedByWhoReadsIt() {
        keep(Map.of("X-Kept", List.of("1")), bytes("a"));
        Map<String, List<String>> headers = given(AT).headers();
        assertThatThrownBy(headers::clear).isInstanceOf(UnsupportedOperationException.class);

        assertThat(given(AT).headers()).containsKeys("X-Kept", "Age", "Date");
    }

    @Test
    void countsWhatBecameOfEach() {
        keep(Map.of("Cache-Control", List.of("max-age=1, must-revalidate")), bytes("a"));
        given(AT);
        given(after(999));
        assertThat(snapshots.give(asked("GET"), 0, after(1_000))).isNull();
        assertThat(snapshots.give(asked("GET"), 404, AT)).isNull();
        assertThat(snapshots.give(asked("HEAD"), 0, AT)).as("there is none").isNull();

        SnapshotCounts counts = snapshots.counts();
        assertThat(counts.kept()).isOne();
        assertThat(counts.served()).isEqualTo(2);
        assertThat(counts.refused()).isEqualTo(2);
        assertThat(counts.evicted()).isZero();
    }

    @Test
    void holdsNoMoreThanItsBytesWhateverComes() {
        Random random = new Random(7);
        for (int i = 0; i < 500; i++) {
            byte[] body = new byte[random.nextInt(20_000)];
            random.nextBytes(body);
            HttpAsked asked = new HttpAsked(
                    "GET", URI.create("http://shop/" + i), Fields.NONE, false, List.of("user" + i % 3), false);
            pending(asked).keep(new HttpAnswered(200, asked.uri(), Fields.NONE), AT, body);
            assertThat(snapshots.counts().bytes()).isLessThanOrEqualTo(1 << 20);
        }
        assertThat(snapshots.counts().evicted()).isGreaterThan(200);
    }

    private void keep(Map<String, List<String>> headers, byte[] body) {
        assertThat(pending(asked("GET")).keep(answered(200, headers), AT, body)).isNull();
    }

    private HttpGiven given(Moment now) {
        return Objects.requireNonNull(snapshots.give(asked("GET"), 0, now));
    }

    private HttpSnapshots.Pending pending(HttpAsked asked) {
        return Objects.requireNonNull(snapshots.asking(asked, AT));
    }

    private static HttpAnswered ofLength(String length) {
        return answered(200, Map.of("Content-Length", List.of(length)));
    }

    private static HttpAsked asked(String method) {
        return new HttpAsked(method, SHOP, Fields.NONE, false, List.of(), false);
    }

    private static HttpAnswered answered(int status, Map<String, List<String>> headers) {
        return new HttpAnswered(status, SHOP, Fields.of(headers));
    }

    private static Moment after(long millis) {
        return new Moment(AT.nanos() + millis * 1_000_000, AT.epochMillis() + millis);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
