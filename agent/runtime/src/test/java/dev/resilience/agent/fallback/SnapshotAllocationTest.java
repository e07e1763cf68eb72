package dev.resilience.agent.fallback;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What an answer that is given again costs, beside its size: the bytes of its body and headers. */
class SnapshotAllocationTest {
    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    @ParameterizedTest(name = "{0} bytes of body, compressible: {1}")
    @CsvSource({"2000, false", "20000, false", "20000, true", "200000, true"})
    void allocatesNoMoreThanTwiceItsSize(int length, boolean compressible) {
        SnapshotRule rule = new SnapshotRule(Duration.ofMinutes(10), 16 << 20, false, List.of());
        HttpSnapshots snapshots = new HttpSnapshots(rule, new Fingerprints(), new TargetStamps(), () -> 0);
        HttpAsked asked = new HttpAsked(
                "GET",
                URI.create("http://catalogue.shop.svc:8080/v1/items/4711?fields=name,price"),
                Fields.of(Map.of(
                        "Accept", List.of("application/json"),
                        "Authorization", List.of("Bearer " + "t".repeat(200)))),
                false,
                List.of(),
                false);
        Map<String, List<String>> headers = Map.of(
                "Content-Type", List.of("application/json"),
                "Cache-Control", List.of("private, max-age=60"),
                "Content-Length", List.of(Integer.toString(length)),
                "Date", List.of("Sun, 01 Mar 2026 08:49:37 GMT"),
                "ETag", List.of("\"0123456789abcdef\""),
                "Vary", List.of("Accept"),
                "Server", List.of("test"));
        Moment at = new Moment(0, 1_772_354_977_000L);
        HttpSnapshots.Pending pending = snapshots.asking(asked, at);
        assertThat(pending).isNotNull();
        assertThat(pending.keep(new HttpAnswered(200, asked.uri(), Fields.of(headers)), at, body(length, compressible)))
                .isNull();
        long size = length;
        for (Map.Entry<String, List<String>> header : headers.entrySet()) {
            size += header.getKey().length() + header.getValue().get(0).getBytes(StandardCharsets.UTF_8).length;
        }

        int times = Math.max(50, 4_000_000 / length);
        long each = Long.MAX_VALUE;
        for (int round = 0; round < 3; round++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            int given = 0;
            for (int i = 0; i < times; i++) {
                HttpGiven answer = snapshots.give(asked, 503, at);
                given += answer == null ? 0 : answer.body().length;
            }
            each = Math.min(each, (threads.getCurrentThreadAllocatedBytes() - before) / times);
            assertThat(given).isEqualTo(times * length);
        }
        System.out.println("a snapshot of " + size + " bytes" + (compressible ? ", compressed" : "") + ", given: "
                + each + " bytes allocated");
        assertThat(each).isLessThanOrEqualTo(2 * size);
    }

    private static byte[] body(int length, boolean compressible) {
        byte[] body = new byte[length];
        new Random(1).nextBytes(body);
        for (int i = 0; compressible && i < length; i++) {
            body[i] = (byte) ('a' + (body[i] & 3));
        }
        return body;
    }
}
