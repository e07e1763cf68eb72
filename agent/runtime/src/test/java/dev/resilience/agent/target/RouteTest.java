package dev.resilience.agent.target;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RouteTest {
    @ParameterizedTest
    @CsvSource({
        "/orders/17, /orders/{id}",
        "/orders/17/, /orders/{id}/",
        "/v1/items, /v1/items",
        "/cafe, /cafe",
        "/a/0f8fad5b-d9cb-469f-a165-70867728950e/b, /a/{id}/b",
        "/a/deadbeef01, /a/{id}",
        "/a/session-9fX_zz-Qw-longer-than-that, /a/{id}",
        "/a/internationalization-of-names, /a/internationalization-of-names",
        "/, /",
        "'', ''"
    })
    void foldsIdentifiers(String path, String route) {
        assertThat(Route.of(path)).isEqualTo(route);
    }

    @Test
    void hashesAndComparesLikeTheTextItDoesNotMake() {
        Random random = new Random(7);
        String alphabet = "/aZ9f-{id}";
        for (int i = 0; i < 20_000; i++) {
            StringBuilder path = new StringBuilder();
            for (int c = random.nextInt(40); c > 0; c--) {
                path.append(alphabet.charAt(random.nextInt(alphabet.length())));
            }
            String route = Route.of(path.toString());

            assertThat(Route.hash(path.toString())).isEqualTo(route.hashCode());
            assertThat(Route.matches(route, path.toString())).isTrue();
            assertThat(Route.matches(route + "x", path.toString())).isFalse();
            assertThat(Route.matches("/other", path.toString())).isEqualTo("/other".equals(route));
        }
    }
}
