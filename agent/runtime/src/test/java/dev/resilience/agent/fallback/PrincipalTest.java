package dev.resilience.agent.fallback;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PrincipalTest {
    private final Fingerprints fingerprints = new Fingerprints();

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Authorization",
                "COOKIE",
                "proxy-authorization",
                "X-Api-Key",
                "apikey",
                "Ocp-Apim-Subscription-Key",
                "X-Amz-Security-Token",
                "X-Session-Id",
                "X-Client-Cert",
                "X-Tenant-Id",
                "X-Forwarded-User",
                "DPoP",
                "x-plan"
            })
    void differsWithACredential(String name) {
        assertThat(of(false, Map.of(name, List.of("a"))))
                .isEqualTo(of(false, Map.of(name.toLowerCase(Locale.ROOT), List.of("a"))))
                .isNotEqualTo(of(false, Map.of(name, List.of("b"))))
                .isNotEqualTo(of(false, Map.of(name, List.of("a", ""))))
                .isNotEqualTo(of(false, Map.of()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"Accept", "User-Agent", "X-Request-Id", "traceparent"})
    void isTheSameWhateverElseIsSent(String name) {
        assertThat(of(false, Map.of(name, List.of("a")))).isEqualTo(of(false, Map.of()));
        assertThat(Principal.hasCredentials(Fields.of(Map.of(name, List.of("a"))), List.of()))
                .isFalse();
    }

    @Test
    void differsWithWhatElseTellsCallersApart() {
        assertThat(of(false, Map.of(), "scott"))
                .isEqualTo(of(false, Map.of(), "scott"))
                .isNotEqualTo(of(false, Map.of(), "tiger"))
                .isNotEqualTo(of(false, Map.of(), "scott", "tiger"))
                .isNotEqualTo(of(false, Map.of()));
        assertThat(Principal.hasCredentials(Fields.NONE, List.of("scott"))).isTrue();
    }

    @Nested
    class OfASharedKey {
        @Test
        void isTheSameForAll() {
            assertThat(of(true, Map.of("Authorization", List.of("a")), "scott"))
                    .isEqualTo(of(true, Map.of("Authorization", List.of("b"))));
        }

        @Test
        void differsWithTheHeadersThatThePolicyNames() {
            assertThat(of(true, Map.of("X-Plan", List.of("a"))))
                    .isNotEqualTo(of(true, Map.of("X-Plan", List.of("b"))))
                    .isNotEqualTo(of(true, Map.of()));
        }
    }

    @Nested
    class Hashes {
        @Test
        void areThoseOfOneProcess() {
            List<String> texts = List.of("a");

            assertThat(fingerprints.of(texts)).isEqualTo(fingerprints.of(texts));
            assertThat(fingerprints.of(texts)).isNotEqualTo(new Fingerprints().of(texts));
        }

        @Test
        void tellApartWhatIsPutTogetherInOtherWays() {
            Set<Fingerprint> all = new HashSet<>();
            List<List<String>> lists = List.of(
                    List.of(),
                    List.of(""),
                    List.of("", ""),
                    List.of("ab"),
                    List.of("a", "b"),
                    List.of("", "ab"),
                    List.of("ab", ""),
                    Arrays.asList("ab", null),
                    Arrays.asList((String) null),
                    List.of("\0\0"),
                    List.of("\uD800"),
                    List.of("?"));
            lists.forEach(list -> all.add(fingerprints.of(list)));

            assertThat(all).hasSameSizeAs(lists);
        }

        @Test
        void areTheSameOfBytesWhoeverMadeThemBefore() {
            byte[] bytes = {1, 2, 3};
            Fingerprint first = fingerprints.of(bytes);
            fingerprints.of(new byte[100_000]);

            assertThat(fingerprints.of(bytes)).isEqualTo(first);
            assertThat(fingerprints.of(new byte[] {1, 2})).isNotEqualTo(first);
        }
    }

    /** A random walk over requests: two principals are the same only if they show the same. */
    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3})
    void isOneForEachThatCanBeToldApart(long seed) {
        Random random = new Random(seed);
        List<String> names = List.of("Authorization", "Cookie", "X-Api-Key", "X-Plan", "Accept");
        Map<List<Object>, Principal> known = new LinkedHashMap<>();
        Set<Principal> principals = new HashSet<>();
        for (int step = 0; step < 2_000; step++) {
            Map<String, List<String>> headers = new LinkedHashMap<>();
            List<Object> shows = new ArrayList<>();
            for (String name : names) {
                List<String> values = random.ints(random.nextInt(3), 0, 3)
                        .mapToObj(value -> "v".repeat(value))
                        .toList();
                if (!values.isEmpty()) {
                    headers.put(name, values);
                    shows.add(name.equals("Accept") ? "" : name + values);
                }
            }
            shows.remove("");
            Principal principal = of(false, headers);
            Principal before = known.putIfAbsent(shows, principal);
            if (before == null) {
                assertThat(principals.add(principal)).as("step %d", step).isTrue();
            } else {
                assertThat(principal).as("step %d", step).isEqualTo(before);
            }
        }
    }

    private Principal of(boolean shared, Map<String, List<String>> headers, String... credentials) {
        SnapshotRule rule = new SnapshotRule(Duration.ofMinutes(1), 1 << 20, shared, List.of("X-Plan"));
        return Principal.of(fingerprints, rule, Fields.of(headers), List.of(credentials));
    }
}
