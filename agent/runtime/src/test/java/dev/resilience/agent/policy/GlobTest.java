package dev.resilience.agent.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GlobTest {
    @ParameterizedTest
    @CsvSource({
        "payments, payments, true",
        "payments, payment, false",
        "payments, payments2, false",
        "PAYMENTS.svc, payments.SVC, true",
        "*.payments.svc, a.payments.svc, true",
        "*.payments.svc, a.b.payments.svc, false",
        "*.payments.svc, payments.svc, false",
        "*.payments.svc, .payments.svc, true",
        "**.payments.svc, a.b.payments.svc, true",
        "pay*, payments, true",
        "pay*, pay, true",
        "pay*, payments.svc, false",
        "pay*.*, payments.svc, true",
        "**, any.thing.at.all, true",
        "a*b*c, a-b-b-c, true",
        "a*b*c, a-c-b, false",
        "a**z, a.b.z, true",
        "a***z, a.b.z, true",
        "ab*ba, aba, false",
        "10.0.*.*, 10.0.1.2, true",
        "bücher*, BÜCHER1, true",
        "*ü*x, aÜbX, true",
    })
    void matchesHostsByLabelWhateverTheirCase(String pattern, String host, boolean expected) {
        assertThat(Glob.host(pattern).matches(host)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "/v1/*, /v1/orders, true",
        "/v1/*, /v1/orders/7, false",
        "/v1/*, /v1/, true",
        "/v1/*, /v1, false",
        "/v1/**, /v1/orders/7, true",
        "/v1/**, /V1/orders/7, false",
        "/*/orders/**/items, /v1/orders/7/8/items, true",
        "/*/orders/**/items, /v1/x/orders/7/items, false",
        "**/health, /a/b/health, true",
        "*, /, false",
        "/*, /, true",
    })
    void matchesPathsBySegment(String pattern, String path, boolean expected) {
        assertThat(Glob.path(pattern).matches(path)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "*:9000, stock:9000, true",
        "*:9000, stock.svc:9000, false",
        "**:9000, dns:///stock.svc:9000, true",
        "STOCK:*, stock:9000, true",
    })
    void matchesAuthoritiesByPart(String pattern, String authority, boolean expected) {
        assertThat(Glob.authority(pattern).matches(authority)).isEqualTo(expected);
    }

    @Test
    void matchesServicesUrlsPoolsAndMethods() {
        assertThat(Glob.service("shop.*").matches("shop.Stock")).isTrue();
        assertThat(Glob.service("shop.*").matches("shop.v1.Stock")).isFalse();
        assertThat(Glob.service("shop.*").matches("SHOP.Stock")).isFalse();
        assertThat(Glob.url("jdbc:postgresql://*/shop").matches("jdbc:postgresql://db.svc:5432/shop"))
                .isTrue();
        assertThat(Glob.url("jdbc:postgresql://*").matches("jdbc:postgresql://db/shop"))
                .isFalse();
        assertThat(Glob.pool("Hikari*").matches("HikariPool-1.a/b")).isTrue();
        assertThat(Glob.method("get").matches("GET")).isTrue();
    }

    /** A random walk over a small alphabet, where every pattern meets many texts it nearly matches. */
    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void agreesWithARegularExpression(long seed) {
        Random random = new Random(seed);
        for (int step = 0; step < 5_000; step++) {
            String pattern = text(random, "ab.**", 8);
            String regex = Pattern.compile("\\*+|[^*]").matcher(pattern).replaceAll(part -> switch (part.group()) {
                case "*" -> "[^.]*";
                case "." -> "\\\\.";
                default -> part.group().startsWith("*") ? ".*" : part.group();
            });
            String text = text(random, "aab.", 10);

            assertThat(Glob.host(pattern).matches(text))
                    .as("%s on %s", pattern, text)
                    .isEqualTo(text.matches(regex));
        }
    }

    @Test
    void readsHostileTextOnce() {
        String pattern = "**" + "a*".repeat(15) + "b" + "**a".repeat(5) + "*c";
        Glob glob = Glob.path(pattern);
        String hostile = "a".repeat(1 << 20);
        for (int warmUp = 0; warmUp < 3; warmUp++) {
            assertThat(glob.matches(hostile)).isFalse();
        }

        long start = System.nanoTime();
        assertThat(glob.matches(hostile)).isFalse();

        // a backtracking matcher needs more than the age of the universe
        assertThat(System.nanoTime() - start).isLessThan(2_000_000_000L);
    }

    @Test
    void refusesMoreThanItsAutomatonHolds() {
        assertThat(Glob.host("*" + "a".repeat(61) + "*").matches("x" + "a".repeat(61)))
                .isTrue();
        assertThatThrownBy(() -> Glob.host("*" + "a".repeat(62) + "*"))
                .isInstanceOf(BadValue.class)
                .hasMessageContaining("at most 63 characters");
        assertThat(Glob.host("a".repeat(200) + "*" + "b".repeat(200)).matches("a".repeat(200) + "b".repeat(200)))
                .isTrue();
    }

    @Test
    void isWhatItsPatternIs() {
        assertThat(Glob.host("A*"))
                .hasToString("A*")
                .isEqualTo(Glob.host("A*"))
                .hasSameHashCodeAs(Glob.host("A*"))
                .isNotEqualTo(Glob.host("a*"))
                .isNotEqualTo(Glob.path("A*"));
    }

    private static String text(Random random, String alphabet, int longest) {
        StringBuilder text = new StringBuilder();
        for (int length = random.nextInt(longest); length > 0; length--) {
            text.append(alphabet.charAt(random.nextInt(alphabet.length())));
        }
        return text.toString();
    }
}
