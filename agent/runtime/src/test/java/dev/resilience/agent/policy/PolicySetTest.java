package dev.resilience.agent.policy;

import static dev.resilience.agent.policy.Configurations.policy;
import static dev.resilience.agent.policy.Configurations.yaml;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PolicySetTest {
    private static final String POLICIES = """
            policies:
              orders:
                match: { host: "*.shop.svc", port: [80, 8443], method: [GET, head], path: "/v1/**" }
              shop:
                match: { host: "*.shop.svc" }
              secure:
                match: { port: 443 }
              stock:
                match: { service: "shop.stock.*", method: Get*, authority: "**:9000" }
              rpc:
                match: { protocol: grpc }
              pooled:
                match: { pool: Shop* }
              database:
                match: { url: "jdbc:postgresql://*/shop" }
            """;

    @TempDir
    Path directory;

    private PolicySet policies = PolicySet.DEFAULTS;

    @BeforeEach
    void read() {
        Loaded loaded = yaml(directory, POLICIES);
        assertThat(loaded.problems()).isEmpty();
        policies = loaded.policies();
    }

    @ParameterizedTest
    @CsvSource({
        "GET, http, a.shop.svc, 80, /v1/orders, orders",
        "get, http, A.SHOP.svc, 80, /v1/orders, orders",
        "HEAD, https, a.shop.svc, 8443, /v1/orders, orders",
        "GET, http, a.shop.svc, -1, /v1/orders, orders",
        "GET, https, a.shop.svc, -1, /v1/orders, shop",
        "POST, http, a.shop.svc, 80, /v1/orders, shop",
        "GET, http, a.shop.svc, 81, /v1/orders, shop",
        "GET, http, a.shop.svc, 80, /v2, shop",
        "GET, https, other, 0, /, secure",
        "GET, http, other, 443, /, secure",
        "GET, http, other, 80, /, default",
    })
    void guardsHttpByTheFirstThatMatches(
            String method, String scheme, String host, int port, String path, String expected) {
        assertThat(policies.http(method, scheme, host, port, path).name()).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "stock:9000, shop.stock.Stock, GetItem, stock",
        "stock:9001, shop.stock.Stock, GetItem, rpc",
        "stock:9000, shop.stock.Stock, SetItem, rpc",
        "stock:9000, shop.Stock, GetItem, rpc",
    })
    void guardsGrpcByTheFirstThatMatches(String authority, String service, String method, String expected) {
        assertThat(policies.grpc(authority, service, method).name()).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "jdbc:postgresql://db:5432/shop, ShopPool, pooled",
        "jdbc:postgresql://db:5432/shop, Other, database",
        "jdbc:postgresql://db:5432/shop,, database",
        "jdbc:postgresql://db:5432/other,, default",
    })
    void guardsDatabasesByTheFirstThatMatches(String url, String pool, String expected) {
        assertThat(policies.jdbc(url, pool).name()).isEqualTo(expected);
    }

    @Test
    void guardsByTheDefaultsWhereThereIsNoPolicy() {
        PolicySet none = PolicySet.DEFAULTS;

        assertThat(none.http("GET", "http", "a", 80, "/")).isSameAs(none.defaults());
        assertThat(none.grpc("a", "b", "c")).isSameAs(none.defaults());
        assertThat(none.jdbc("jdbc:h2:mem:a", null)).isSameAs(none.defaults());
    }

    @Test
    void guardsEveryProtocolByAPolicyWithoutMatch() {
        Match match = policy("deadline", "1s").match();

        assertThat(List.of(Protocol.values())).allMatch(match::serves);
        assertThat(match).isEqualTo(Match.ALL);
    }

    @Test
    void allocatesNothing() {
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        for (int warmUp = 0; warmUp < 2; warmUp++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            int found = 0;
            for (int i = 0; i < 100_000; i++) {
                found += policies.http("POST", "https", "a.b.shop.svc", 8444, "/v1/orders/7")
                        .name()
                        .length();
                found += policies.grpc("stock:9000", "shop.stock.Stock", "SetItem")
                        .name()
                        .length();
                found += policies.jdbc("jdbc:postgresql://db:5432/shop", null)
                        .name()
                        .length();
            }
            long allocated = threads.getCurrentThreadAllocatedBytes() - before;
            assertThat(found).isEqualTo(100_000 * ("default" + "rpc" + "database").length());
            if (warmUp > 0) {
                assertThat(allocated).isLessThan(1_000);
            }
        }
    }

    @Test
    void boundsTheDrain() {
        for (Duration wrong : List.of(Duration.ofNanos(-1), Duration.ofHours(1).plusNanos(1))) {
            assertThatThrownBy(() -> new PolicySet(List.of(), policies.defaults(), Mode.ENFORCE, wrong))
                    .isInstanceOf(BadValue.class)
                    .hasMessage("drain must be 0s to 1h");
        }
        for (Duration right : List.of(Duration.ZERO, Duration.ofHours(1))) {
            assertThat(new PolicySet(List.of(), policies.defaults(), Mode.ENFORCE, right).drain())
                    .isEqualTo(right);
        }
    }
}
