package dev.resilience.agent.target;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RouteTest {
    @ParameterizedTest
    @CsvSource({
        // numbers
        "/orders/17, /orders/{id}",
        "/orders/17/, /orders/{id}/",
        "/orders/0, /orders/{id}",
        "/customers/1029384756/orders/5/items, /customers/{id}/orders/{id}/items",
        "/1234/5678, /{id}/{id}",
        "/reports/2024, /reports/{id}",
        "/snowflakes/1541815603606036480, /snowflakes/{id}",
        "/images/17.png, /images/{id}",
        "/jobs/17:cancel, /jobs/{id}",
        "/users/user12345/avatar, /users/{id}/avatar",
        "/invoices/INV-000123.pdf, /invoices/{id}",
        "/orders/ORD-2024-0001, /orders/{id}",
        "'/map/52.52001,13.40495', '/map/{id}'",
        "/hosts/192.168.10.20/ping, /hosts/{id}/ping",
        "/tel/+4930123456, /tel/{id}",
        // UUIDs and hexadecimal
        "/a/0f8fad5b-d9cb-469f-a165-70867728950e/b, /a/{id}/b",
        "/a/0F8FAD5B-D9CB-469F-A165-70867728950E, /a/{id}",
        "/a/0f8fad5bd9cb469fa16570867728950e, /a/{id}",
        "/a/urn:uuid:0f8fad5b-d9cb-469f-a165-70867728950e, /a/{id}",
        "/a/deadbeef01, /a/{id}",
        "/commit/a1b2c3d, /commit/{id}",
        "/commit/da39a3ee5e6b4b0d3255bfef95601890afd80709, /commit/{id}",
        "/documents/507f1f77bcf86cd799439011, /documents/{id}",
        "/layers/sha256:e3b0c44298fc1c149afbf4c8996fb924, /layers/{id}",
        // base64-like, random and long
        "/videos/dQw4w9WgXcQ, /videos/{id}",
        "/ulid/01ARZ3NDEKTSV4RRFFQ69G5FAV, /ulid/{id}",
        "/ksuid/0ujtsYcgvSTl8PAuAdqWYSMnLOv, /ksuid/{id}",
        "/nano/V1StGXR8_Z5jdHi6B-myT, /nano/{id}",
        "/charges/ch_3MmlLrLkdIwHu7ix0snN0B15, /charges/{id}",
        "/a/session-9fX_zz-Qw-longer-than-that, /a/{id}",
        "/t/QWxhZGRpbjpvcGVuIHNlc2FtZQ==, /t/{id}",
        "/t/eyJhbGciOiJIUzI1NiJ9.e30.ZRrHA1JJJW8opsbCGfG_HACGpVUM, /t/{id}",
        "/t/kJzRtQwXpLmVbNcYsHgF, /t/{id}",
        "/teams/T024BE7LD/channels/C024BE91L, /teams/{id}/channels/{id}",
        // dates
        "/days/2024-01-31, /days/{id}",
        "/days/20240131, /days/{id}",
        "/days/31.01.2024, /days/{id}",
        "/months/2024-01, /months/{id}",
        "/weeks/2024-W05, /weeks/{id}",
        "/at/2024-01-31T10:15:00Z, /at/{id}",
        "/at/20240131T101500Z/next, /at/{id}/next",
        // what no template holds
        "/search/caf%C3%A9, /search/{id}",
        "/search/two%20words/page, /search/{id}/page",
        "/users/jane.doe@example.com, /users/{id}",
        "/users/jane.doe%40example.com, /users/{id}",
        "/@jane/posts, /{id}/posts",
        "/cart;jsessionid=0A1B2C3D/items, /cart/items",
        "/cart;v=1;w=2, /cart",
        "/orders/17;v=1, /orders/{id}"
    })
    void foldsIdentifiers(String path, String route) {
        assertThat(Route.of(path)).isEqualTo(route);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "/",
                "//",
                "/v1/items",
                "/v2.1/items",
                "/1.0/items",
                "/1.12.3/items",
                "/api/v2beta1/things",
                "/cafe",
                "/facade/decade",
                "/oauth2/token",
                "/oauth2callback",
                "/ipv4addresses",
                "/base64encode",
                "/s3/buckets",
                "/web3-api",
                "/2fa/enroll",
                "/top-10",
                "/sha-256",
                "/utf-8",
                "/iso-8601",
                "/user42",
                "/OAuth2Callback",
                "/getV2Orders",
                "/getCustomerOrderHistoryByDate",
                "/customer-relationship-management-v2/accounts",
                "/base64-encoded-payload-upload",
                "/a/internationalization-of-names",
                "/com.example.shop.CartService/AddItem",
                "/.well-known/openid-configuration",
                "/actuator/health/readiness",
                "/graphql",
                "/_bulk",
                "/index.html",
                "/jobs:batchGet",
                "/users/me/settings",
                "/en-US/help",
                "/{id}"
            })
    void keepsWords(String path) {
        assertThat(Route.of(path)).isEqualTo(path);
    }

    @Test
    void foldsRandomTokensOfEveryUsualAlphabet() {
        Random random = new Random(11);
        String base62 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        for (String alphabet :
                new String[] {base62, base62 + "-_", "0123456789abcdef", "0123456789ABCDEFGHJKMNPQRSTVWXYZ"}) {
            for (int length : new int[] {16, 22, 26, 32, 43}) {
                int folded = 0;
                for (int i = 0; i < 1_000; i++) {
                    folded += Route.of("/" + text(random, alphabet, length)).equals("/{id}") ? 1 : 0;
                }
                assertThat(folded).as("%d of %s", length, alphabet).isGreaterThan(length < 20 ? 600 : 990);
            }
        }
    }

    @Test
    void hashesAndComparesLikeTheTextItDoesNotMake() {
        Random random = new Random(7);
        for (int i = 0; i < 20_000; i++) {
            String path = text(random, "/aZ9f-{id}.;:%", random.nextInt(40));
            String route = Route.of(path);

            assertThat(Route.hash(path)).isEqualTo(route.hashCode());
            assertThat(Route.matches(route, path)).isTrue();
            assertThat(Route.matches(route + "x", path)).isFalse();
            assertThat(Route.matches("/other", path)).isEqualTo("/other".equals(route));
        }
    }

    private static String text(Random random, String alphabet, int length) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            text.append(alphabet.charAt(random.nextInt(alphabet.length())));
        }
        return text.toString();
    }
}
