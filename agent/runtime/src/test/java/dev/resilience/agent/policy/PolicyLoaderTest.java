package dev.resilience.agent.policy;

import static dev.resilience.agent.policy.Configurations.file;
import static dev.resilience.agent.policy.Configurations.map;
import static dev.resilience.agent.policy.Configurations.only;
import static dev.resilience.agent.policy.Configurations.policy;
import static dev.resilience.agent.policy.Configurations.properties;
import static dev.resilience.agent.policy.Configurations.variables;
import static dev.resilience.agent.policy.Configurations.yaml;
import static org.assertj.core.api.Assertions.assertThat;

import dev.resilience.engine.BreakerConfig;
import dev.resilience.engine.Strategy;
import dev.resilience.instrumentation.api.StaticAnswer;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PolicyLoaderTest {
    @Nested
    class WithoutConfiguration {
        @Test
        void observesEveryCall() {
            Loaded loaded = properties();

            assertThat(loaded.policies()).isEqualTo(PolicySet.DEFAULTS);
            assertThat(loaded.usable()).isTrue();
            assertThat(loaded.enabled()).isTrue();
            assertThat(loaded.policies().mode()).isEqualTo(Mode.OBSERVE);
            assertThat(loaded.policies().drain()).isEqualTo(Duration.ofSeconds(20));
            assertThat(loaded.policies().defaults().name()).isEqualTo("default");
        }

        @Test
        void ignoresPropertiesAndVariablesOfOthers() {
            assertThat(PolicyLoader.load(
                                    Map.of("resilience4j.x", "1", "java.version", "17"),
                                    Map.of("RESILIENCE4J", "1", "resilience_mode", "enforce", "RESILIENCE_MODE", ""))
                            .problems())
                    .isEmpty();
        }
    }

    @Nested
    class InThreeForms {
        private final Map<String, String> root = new LinkedHashMap<>(map(
                "enabled",
                "false",
                "mode",
                "redirect",
                "drain",
                "7s",
                "max-targets",
                "5",
                "max-routes",
                "6",
                "target-idle-for",
                "7m"));

        @Test
        void readsEveryKeyOfAPolicyAlike(@TempDir Path directory) throws IOException {
            Path body = Files.writeString(directory.resolve("body.json"), "{\"a\":1}");
            Map<String, String> samples = samples(body.toString());
            assertThat(samples.keySet()).containsAll(Keys.POLICY);

            samples.forEach((key, value) -> {
                Map<String, String> context = context(key);
                Map<String, String> with = new LinkedHashMap<>(context);
                with.put(key, value);

                Policy without = only(PolicyLoader.load(asProperties(context), Map.of(), null));
                Policy byProperty = only(PolicyLoader.load(asProperties(with), Map.of(), null));
                Policy byVariable = only(PolicyLoader.load(Map.of(), asVariables(with), null));
                Policy byFile = only(yaml(directory, asYaml(with)));

                assertThat(byProperty).as(key).isEqualTo(byVariable).isEqualTo(byFile);
                if (!key.equals("fallback")) {
                    assertThat(byProperty).as(key).isNotEqualTo(without);
                }
            });
        }

        @Test
        void readsEveryKeyOfTheDefaultsAlike(@TempDir Path directory) throws IOException {
            Path body = Files.writeString(directory.resolve("body.json"), "{\"a\":1}");
            samples(body.toString()).forEach((key, value) -> {
                if (key.startsWith(Keys.MATCH) || key.equals("fallback.alternate.url")) {
                    return; // a policy says it, for the databases it names
                }
                Map<String, String> with = new LinkedHashMap<>(context(key));
                with.put(key, value);

                PolicySet byProperty = sound(PolicyLoader.load(rename(asProperties(with)), Map.of(), null));
                PolicySet byVariable = sound(PolicyLoader.load(Map.of(), rename(asVariables(with)), null));
                PolicySet byFile = sound(yaml(directory, "defaults: " + flow(with)));

                assertThat(byProperty).as(key).isEqualTo(byVariable).isEqualTo(byFile);
            });
        }

        @Test
        void readsEveryKeyOfTheRootAlike(@TempDir Path directory) {
            root.forEach((key, value) -> {
                Loaded byProperty = properties("resilience." + key, value);
                Loaded byVariable = variables(EnvironmentSource.PREFIX + EnvironmentSource.variable(key), value);
                Loaded byFile = yaml(directory, key + ": " + value);

                assertThat(byProperty).as(key).isEqualTo(byVariable).isEqualTo(byFile);
                assertThat(byProperty).as(key).isNotEqualTo(properties());
                assertThat(byProperty.problems()).isEmpty();
            });
        }

        @Test
        void findsTheFileByPropertyAndVariable(@TempDir Path directory) {
            String file = file(directory, "mode: enforce").toString();

            assertThat(PolicyLoader.load(Map.of("resilience.config", file), Map.of("RESILIENCE_CONFIG", "absent"))
                            .policies()
                            .mode())
                    .isEqualTo(Mode.ENFORCE);
            assertThat(PolicyLoader.load(Map.of(), Map.of("RESILIENCE_CONFIG", file))
                            .policies()
                            .mode())
                    .isEqualTo(Mode.ENFORCE);
            Loaded impossible =
                    PolicyLoader.load(Map.of("resilience.config", "a\0b", "resilience.mode", "enforce"), Map.of());
            assertThat(impossible.problems())
                    .singleElement()
                    .hasToString(
                            "error in system property: config: must be the path of a file; every policy only observes");
            assertThat(impossible.policies().mode()).isEqualTo(Mode.OBSERVE);
        }

        private static Map<String, String> samples(String body) {
            Map<String, String> samples = new LinkedHashMap<>(map(
                    "mode", "enforce",
                    "match.protocol", "grpc",
                    "match.host", "*.svc",
                    "match.port", "80,8080",
                    "match.method", "GET,PUT",
                    "match.path", "/v1/**",
                    "match.authority", "stock:9000",
                    "match.service", "shop.*",
                    "match.url", "jdbc:h2:**",
                    "match.pool", "Shop",
                    "key", "route",
                    "breaker.strategy", "off",
                    "breaker.consecutive-failures", "7",
                    "breaker.failure-rate", "12.5%"));
            samples.putAll(map(
                    "breaker.minimum-calls", "3",
                    "breaker.window", "1m",
                    "breaker.slots", "6",
                    "breaker.open-for", "1s",
                    "breaker.max-open-for", "2h",
                    "breaker.jitter", "0%",
                    "breaker.probes", "3",
                    "breaker.probe-success-rate", "100%",
                    "breaker.probe-timeout", "900ms",
                    "breaker.failure-on", "500,timeout",
                    "breaker.ignore", "503",
                    "deadline", "1d",
                    "fallback", "none"));
            samples.putAll(map(
                    "breaker.slow-call", "300ms",
                    "breaker.slow-call-rate", "30%",
                    "breaker.alpha", "0.1",
                    "breaker.period", "30s",
                    "breaker.short-period", "7s",
                    "breaker.short-period-after", "1",
                    "breaker.periods", "2",
                    "breaker.p90", "500ms",
                    "breaker.max-p90", "3s",
                    "breaker.p90-margin", "50%",
                    "breaker.slo", "400ms",
                    "breaker.slo-budget", "1%",
                    "breaker.slo-violations", "5",
                    "breaker.slo-climb", "1s",
                    "breaker.short-window", "10s",
                    "breaker.long-window", "10m",
                    "stall-after", "6s",
                    "stream.first-message", "3s",
                    "stream.idle", "4s",
                    "stream.total", "1h",
                    "fallback.chain", "static,alternate",
                    "fallback.alternate.uri", "http://backup",
                    "fallback.alternate.target", "dns:///backup:9000",
                    "fallback.alternate.plaintext", "true",
                    "fallback.alternate.url", "jdbc:postgresql://replica/shop?user=reader",
                    "fallback.alternate.deadline", "200ms",
                    "fallback.alternate.credentials", "true",
                    "breaker.layers", "instance,service",
                    "breaker.max-ejection", "20%"));
            samples.putAll(map(
                    "fallback.snapshot.max-age", "5m",
                    "fallback.snapshot.max-bytes", "1MiB",
                    "fallback.snapshot.shared", "true",
                    "fallback.snapshot.key-headers", "X-Plan,X-Region",
                    "fallback.snapshot.when", "method in (\"GET\", \"Get\")",
                    "fallback.alternate.when", "has header(\"x-tier\")",
                    "fallback.static.when", "not (path like \"/v1/**\")",
                    "retry.attempts", "3",
                    "retry.backoff", "20ms",
                    "retry.max-backoff", "2s",
                    "retry.budget", "5%",
                    "retry.methods", "shop.Stock/Get*,shop.Orders/List"));
            samples.putAll(map(
                    "limit.concurrency", "7",
                    "limit.min", "1",
                    "limit.max", "20",
                    "limit.queue", "5",
                    "limit.max-wait", "2s",
                    "limit.rate", "30/m",
                    "limit.burst", "3"));
            samples.putAll(map(
                    "fallback.static.status", "503",
                    "fallback.static.content-type", "text/plain",
                    "fallback.static.headers.retry-after", "5, then more",
                    "fallback.static.body", " padded ",
                    "fallback.static.body-base64", "AAEC",
                    "fallback.static.body-file", body));
            return samples;
        }

        private static Map<String, String> context(String key) {
            return switch (key) {
                case "breaker.consecutive-failures" -> Map.of("breaker.strategy", "consecutive");
                case "breaker.slow-call-rate" -> Map.of("breaker.strategy", "time-window", "breaker.slow-call", "1s");
                case "breaker.strategy", "breaker.failure-on", "breaker.ignore" -> Map.of("key", "host");
                case "breaker.alpha" -> Map.of("breaker.strategy", "ewma");
                case "breaker.period",
                        "breaker.short-period",
                        "breaker.short-period-after",
                        "breaker.periods",
                        "breaker.p90",
                        "breaker.max-p90",
                        "breaker.p90-margin" -> Map.of("breaker.strategy", "two-dimension");
                case "breaker.slo",
                        "breaker.slo-budget",
                        "breaker.slo-violations",
                        "breaker.slo-climb",
                        "breaker.short-window",
                        "breaker.long-window" -> Map.of("breaker.strategy", "slo", "breaker.slo", "1s");
                case "breaker.layers" -> Map.of("key", "host");
                case "breaker.max-ejection" -> Map.of("breaker.layers", "instance,service");
                case "fallback.chain" -> Map.of("fallback.static.status", "203", "fallback.alternate.uri", "http://b");
                case "fallback.snapshot.max-bytes",
                        "fallback.snapshot.shared",
                        "fallback.snapshot.key-headers",
                        "fallback.snapshot.when" -> Map.of("fallback.snapshot.max-age", "10m");
                case "retry.backoff", "retry.max-backoff", "retry.budget", "retry.methods" ->
                    Map.of("retry.attempts", "2");
                case "fallback.alternate.deadline", "fallback.alternate.credentials", "fallback.alternate.when" ->
                    Map.of("fallback.alternate.uri", "http://b");
                case "fallback.alternate.url" -> Map.of("match.url", "jdbc:postgresql://primary/shop");
                case "fallback.alternate.plaintext" -> Map.of("fallback.alternate.target", "b:1");
                case "limit.min", "limit.max" -> Map.of("limit.concurrency", "adaptive");
                case "limit.queue" -> Map.of("limit.concurrency", "20");
                case "limit.max-wait" -> Map.of("limit.concurrency", "20", "limit.queue", "10");
                case "limit.burst" -> Map.of("limit.rate", "10/s");
                default -> {
                    if (key.startsWith(Keys.BREAKER)) {
                        yield Map.of("breaker.strategy", "time-window");
                    }
                    yield key.startsWith("fallback.static.") && !key.endsWith("status")
                            ? Map.of("fallback.static.status", "200")
                            : Map.of("key", "host");
                }
            };
        }

        private static Map<String, String> asProperties(Map<String, String> keys) {
            Map<String, String> properties = new HashMap<>();
            keys.forEach((key, value) -> properties.put("resilience.policies.p." + key, value));
            return properties;
        }

        private static Map<String, String> asVariables(Map<String, String> keys) {
            Map<String, String> variables = new HashMap<>();
            keys.forEach(
                    (key, value) -> variables.put("RESILIENCE_POLICIES_P_" + EnvironmentSource.variable(key), value));
            return variables;
        }

        private static Map<String, String> rename(Map<String, String> policy) {
            Map<String, String> defaults = new HashMap<>();
            policy.forEach((key, value) ->
                    defaults.put(key.replace("policies.p.", "defaults.").replace("POLICIES_P_", "DEFAULTS_"), value));
            return defaults;
        }

        private static String asYaml(Map<String, String> keys) {
            return "policies: {p: " + flow(keys) + "}";
        }

        /** Each key as a map within maps, in YAML's flow style. */
        private static String flow(Map<String, String> keys) {
            Map<String, Object> tree = new LinkedHashMap<>();
            keys.forEach((key, value) -> insert(tree, key, value));
            return flow((Object) tree);
        }

        @SuppressWarnings("unchecked")
        private static void insert(Map<String, Object> tree, String key, String value) {
            int dot = key.indexOf('.');
            if (dot < 0) {
                tree.put(key, value);
            } else {
                Object below = tree.computeIfAbsent(key.substring(0, dot), name -> new LinkedHashMap<String, Object>());
                insert((Map<String, Object>) below, key.substring(dot + 1), value);
            }
        }

        private static String flow(Object node) {
            if (!(node instanceof Map<?, ?> map)) {
                return "'" + node + "'";
            }
            List<String> entries = new ArrayList<>();
            map.forEach((key, value) -> entries.add(key + ": " + flow(value)));
            return "{" + String.join(", ", entries) + "}";
        }

        private static PolicySet sound(Loaded loaded) {
            assertThat(loaded.problems()).isEmpty();
            return loaded.policies();
        }
    }

    @Nested
    class OfSeveralSources {
        @Test
        void takesEachKeyFromTheStrongest(@TempDir Path directory) {
            Path file = file(directory, """
                    mode: observe
                    policies:
                      p: { mode: redirect, deadline: 1s, key: route, breaker: { strategy: ewma, probes: 3 } }
                    """);
            Map<String, String> environment = map(
                    "RESILIENCE_POLICIES_P_DEADLINE", "2s",
                    "RESILIENCE_POLICIES_P_BREAKER_PROBES", "4",
                    "RESILIENCE_MODE", "enforce");
            Map<String, String> properties =
                    map("resilience.policies.p.breaker.probes", "5", "resilience.mode", "redirect");

            Loaded loaded = PolicyLoader.load(properties, environment, file);
            Policy policy = only(loaded);

            assertThat(policy.mode()).isEqualTo(Mode.REDIRECT);
            assertThat(policy.key()).isEqualTo(Key.ROUTE);
            assertThat(policy.deadline()).isEqualTo(fixed(2));
            assertThat(breaker(policy).probes()).isEqualTo(5);
            assertThat(loaded.policies().mode()).isEqualTo(Mode.REDIRECT);
        }

        @Test
        void readsOnlyTheStrongestValue(@TempDir Path directory) {
            Path file = file(directory, "policies: { p: { deadline: wrong } }");

            assertThat(only(PolicyLoader.load(map("resilience.policies.p.deadline", "1s"), Map.of(), file))
                            .deadline())
                    .isEqualTo(fixed(1));
        }

        @Test
        void keepsTheOrderOfTheFileAndPutsOthersAfterItByName(@TempDir Path directory) {
            Path file = file(directory, "policies: { z: { deadline: 1s }, b: { deadline: 1s } }");
            Loaded loaded = PolicyLoader.load(
                    map(
                            "resilience.policies.y.deadline", "1s",
                            "resilience.policies.b.key", "route",
                            "resilience.policies.c.deadline", "1s"),
                    map("RESILIENCE_POLICIES_A_DEADLINE", "1s", "RESILIENCE_POLICIES_D_X_DEADLINE", "1s"),
                    file);

            assertThat(loaded.problems()).isEmpty();
            assertThat(loaded.policies().policies())
                    .extracting(Policy::name)
                    .containsExactly("z", "b", "a", "c", "d-x", "y");
        }

        @Test
        void letsAStrongerBodyOfAnotherKindReplaceAWeakerOne(@TempDir Path directory) {
            Path file = file(directory, "policies: { p: { fallback: [ static: { status: 503, body: weak } ] } }");

            StaticAnswer answer = answer(only(PolicyLoader.load(
                    map("resilience.policies.p.fallback.static.body-base64", "c3Ryb25n"), Map.of(), file)));

            assertThat(answer.text()).isEqualTo("strong");
            assertThat(answer.status()).isEqualTo(503);
        }

        @Test
        void letsAStrongerNoneTakeTheFallbackAway(@TempDir Path directory) {
            Path file = file(directory, "policies: { p: { fallback: [ static: { status: 503 } ] } }");
            Path none = file(Objects.requireNonNull(directory), "policies: { p: { fallback: [] } }");

            assertThat(only(PolicyLoader.load(map("resilience.policies.p.fallback", "none"), Map.of(), file))
                            .chain())
                    .isEmpty();
            assertThat(answer(only(PolicyLoader.load(
                                    map("resilience.policies.p.fallback.static.status", "201"), Map.of(), none)))
                            .status())
                    .isEqualTo(201);
        }
    }

    @Nested
    class OfVariables {
        @ParameterizedTest
        @CsvSource({
            "RESILIENCE_POLICIES_PAY_MENTS_DEADLINE, pay-ments",
            "RESILIENCE_POLICIES_PAY_MENTS_MATCH_HOST, pay-ments",
            "RESILIENCE_POLICIES_MATCH_MATCH_HOST, match",
            "RESILIENCE_POLICIES_A_B_C_BREAKER_PROBE_TIMEOUT, a-b-c",
            "RESILIENCE_POLICIES_X_FALLBACK_STATIC_HEADERS_RETRY_AFTER, x",
            "RESILIENCE_POLICIES_X_FALLBACK_STATIC_BODY_FILE, x",
        })
        void leavesTheShortestNameToAPolicyNobodyElseNames(String variable, String expected) {
            Loaded loaded = variables(variable, "1s");

            assertThat(loaded.policies().policies()).extracting(Policy::name).containsExactly(expected);
        }

        @ParameterizedTest
        @ValueSource(strings = {"pay_ments", "Pay-Ments", "PAY_MENTS"})
        void meansThePolicyAnotherSourceNames(String name) {
            Loaded loaded = PolicyLoader.load(
                    map("resilience.policies." + name + ".key", "route"),
                    map("RESILIENCE_POLICIES_PAY_MENTS_DEADLINE", "2s"),
                    null);

            assertThat(only(loaded).name()).isEqualTo(name);
            assertThat(only(loaded).deadline()).isEqualTo(fixed(2));
        }

        @Test
        void meansTheLongestNameOfThoseThatFit() {
            Loaded loaded = PolicyLoader.load(
                    map("resilience.policies.a.key", "route", "resilience.policies.a-fallback-static.key", "route"),
                    map("RESILIENCE_POLICIES_A_FALLBACK_STATIC_MODE", "enforce"),
                    null);

            assertThat(loaded.problems()).isEmpty();
            assertThat(loaded.policies().policies())
                    .extracting(Policy::mode)
                    .containsExactly(Mode.OBSERVE, Mode.ENFORCE);
        }

        @Test
        void keepsValuesOfUnknownOnesToItself() {
            assertThat(variables("RESILIENCE_DATABASE_PASSWORD", "secret").problems())
                    .singleElement()
                    .asString()
                    .doesNotContain("secret");
        }
    }

    @Nested
    class OfDefaults {
        @Test
        void takesWhatAPolicyDoesNotSay(@TempDir Path directory) {
            PolicySet policies = yaml(directory, """
                            defaults:
                              mode: enforce
                              key: route
                              deadline: 1s
                              breaker: { strategy: time-window, open-for: 5s, probes: 2, failure-on: [500], window: 20s }
                              fallback: [ static: { status: 201, body: text } ]
                            policies:
                              plain: { match: { host: a } }
                              own: { deadline: none, breaker: { probes: 3 }, fallback: [ static: { body: '{}' } ] }
                              counted: { breaker: { strategy: count-window } }
                              none: { fallback: none }
                              database: { match: { url: "jdbc:**" } }
                            """).policies();

            Policy plain = policies.policies().get(0);
            assertThat(plain.mode()).isEqualTo(Mode.ENFORCE);
            assertThat(plain.key()).isEqualTo(Key.ROUTE);
            assertThat(plain.deadline()).isEqualTo(fixed(1));
            assertThat(plain.breaker()).isEqualTo(policies.defaults().breaker());
            assertThat(plain.failures()).isEqualTo(policies.defaults().failures());
            assertThat(plain.chain()).isEqualTo(policies.defaults().chain());
            assertThat(written(plain).answered()).containsExactly(Protocol.HTTP);

            Policy own = policies.policies().get(1);
            assertThat(own.deadline()).isEqualTo(Deadline.Rule.NONE);
            assertThat(breaker(own).probes()).isEqualTo(3);
            assertThat(breaker(own).openFor()).isEqualTo(Duration.ofSeconds(5));
            assertThat(answer(own).status()).isEqualTo(200);
            assertThat(written(own).answered()).containsExactlyInAnyOrder(Protocol.HTTP, Protocol.GRPC);

            assertThat(breaker(policies.policies().get(2)).strategy())
                    .isEqualTo(new Strategy.CountWindow(100, 20, 0.5));
            assertThat(policies.policies().get(3).chain()).isEmpty();
            assertThat(policies.policies().get(4).chain()).isEmpty();
            assertThat(policies.policies()).allMatch(policy -> policy.mode() == Mode.ENFORCE);
        }
    }

    @Nested
    class OfABreaker {
        @Test
        void knowsTheDefaultsOfEachStrategy() {
            assertThat(breaker(policy("key", "host"))).isEqualTo(Policy.DEFAULT_BREAKER);
            assertThat(breaker(policy("breaker.strategy", "adaptive"))).isEqualTo(Policy.DEFAULT_BREAKER);
            assertThat(breaker(policy("breaker.strategy", "time-window")).strategy())
                    .isEqualTo(new Strategy.TimeWindow(Duration.ofSeconds(10), 10, 20, 0.5));
            assertThat(breaker(policy("breaker.strategy", "consecutive")).strategy())
                    .isEqualTo(new Strategy.Consecutive(5));
            assertThat(breaker(policy("breaker.strategy", "count-window")).strategy())
                    .isEqualTo(new Strategy.CountWindow(100, 20, 0.5));
            assertThat(policy("breaker.strategy", "off").breaker()).isNull();
            assertThat(breaker(policy("breaker.strategy", "ewma")).strategy())
                    .isEqualTo(new Strategy.Ewma(0.2, 20, 0.5));
            assertThat(breaker(policy("breaker.strategy", "two-dimension")).strategy())
                    .isEqualTo(new Strategy.TwoDimension(
                            0.2,
                            20,
                            Duration.ofSeconds(10),
                            Duration.ofSeconds(5),
                            2,
                            3,
                            Duration.ofMillis(800),
                            Duration.ofMillis(1500),
                            0.2));
            BreakerConfig slo = breaker(policy("breaker.strategy", "slo", "breaker.slo", "800ms"));
            assertThat(slo.strategy())
                    .isEqualTo(new Strategy.Slo(
                            Duration.ofMillis(800),
                            0.001,
                            1000,
                            Duration.ofSeconds(30),
                            Duration.ofMinutes(5),
                            300,
                            3,
                            Duration.ofMillis(120)));
            assertThat(slo.openFor()).isEqualTo(Duration.ofMinutes(1));
            assertThat(slo.maxOpenFor()).isEqualTo(Duration.ofMinutes(1));
        }

        @Test
        void fitsDefaultsToWhatIsGiven() {
            assertThat(breaker(policy("breaker.strategy", "consecutive", "breaker.open-for", "5m"))
                            .maxOpenFor())
                    .isEqualTo(Duration.ofMinutes(5));
            assertThat(breaker(policy("breaker.strategy", "count-window", "breaker.window", "7"))
                            .strategy())
                    .isEqualTo(new Strategy.CountWindow(7, 7, 0.5));
            assertThat(twoDimension("breaker.period", "3s").shortPeriod()).isEqualTo(Duration.ofSeconds(3));
            assertThat(twoDimension("breaker.short-period", "20s").period()).isEqualTo(Duration.ofSeconds(20));
            assertThat(twoDimension("breaker.p90", "2s").maxP90()).isEqualTo(Duration.ofSeconds(2));
            assertThat(twoDimension("breaker.max-p90", "300ms").p90()).isEqualTo(Duration.ofMillis(300));
            assertThat(slo("breaker.short-window", "10m").longWindow()).isEqualTo(Duration.ofMinutes(10));
            assertThat(slo("breaker.long-window", "20s").shortWindow()).isEqualTo(Duration.ofSeconds(20));
        }

        @Test
        void readsABoundOnSlowCallsForEitherWindow() {
            assertThat(breaker(policy("breaker.strategy", "time-window", "breaker.slow-call", "300ms"))
                            .strategy())
                    .isEqualTo(new Strategy.TimeWindow(
                            Duration.ofSeconds(10), 10, 20, 0.5, new Strategy.SlowCalls(Duration.ofMillis(300), 0.5)));
            assertThat(breaker(policy(
                                    "breaker.strategy", "count-window",
                                    "breaker.slow-call", "1s",
                                    "breaker.slow-call-rate", "80%"))
                            .strategy())
                    .isEqualTo(
                            new Strategy.CountWindow(100, 20, 0.5, new Strategy.SlowCalls(Duration.ofSeconds(1), 0.8)));
            assertThat(breaker(policy("breaker.strategy", "time-window", "breaker.slow-call", "off")))
                    .isEqualTo(breaker(policy("breaker.strategy", "time-window")));
        }

        private static Strategy.TwoDimension twoDimension(String key, String value) {
            return (Strategy.TwoDimension) breaker(policy("breaker.strategy", "two-dimension", key, value))
                    .strategy();
        }

        private static Strategy.Slo slo(String key, String value) {
            return (Strategy.Slo) breaker(policy("breaker.strategy", "slo", "breaker.slo", "1s", key, value))
                    .strategy();
        }

        @ParameterizedTest
        @CsvSource({"7%, 0.07", "0.5%, 0.005", "50%, 0.5", "99.999%, 0.99999"})
        void readsSharesToTheNearestDouble(String text, double expected) {
            assertThat(breaker(policy("breaker.strategy", "time-window", "breaker.failure-rate", text))
                            .strategy())
                    .isEqualTo(new Strategy.TimeWindow(Duration.ofSeconds(10), 10, 20, expected));
        }

        @Test
        void readsDeadlinesThatAreNoDuration() {
            assertThat(policy("deadline", "none").deadline()).isEqualTo(Deadline.Rule.NONE);
            assertThat(policy("deadline", "adaptive").deadline()).isEqualTo(Deadline.Rule.ADAPTIVE);
            assertThat(policy("key", "host").deadline()).isEqualTo(Deadline.Rule.BY_PROTOCOL);
        }

        @ParameterizedTest
        @CsvSource({"800ms, PT0.8S", "5s, PT5S", "2m, PT2M", "1h, PT1H", "1d, PT24H"})
        void readsDurationsOfEachUnit(String text, Duration expected) {
            assertThat(policy("deadline", text).deadline()).isEqualTo(new Deadline.Fixed(expected));
        }
    }

    @Nested
    class OfAStaticAnswer {
        @Test
        void readsItsPartsAndTheJsonOfItsBody(@TempDir Path directory) {
            StaticAnswer answer = answer(only(yaml(directory, """
                    policies:
                      p:
                        match: { protocol: http }
                        fallback:
                          - static:
                              status: 203
                              content-type: application/json
                              headers: { X-Source: fallback, X-Many: [a, b] }
                              body: '{"items": [1, 2.5, "ü", true, null], "big": 18446744073709551615}'
                    """)));

            assertThat(answer.status()).isEqualTo(203);
            assertThat(answer.contentType()).isEqualTo("application/json");
            assertThat(answer.headers())
                    .isEqualTo(Map.of("x-source", List.of("fallback"), "x-many", List.of("a", "b")));
            assertThat(answer.text()).startsWith("{\"items\": [1, 2.5, \"ü\"");
            assertThat(answer.json()).hasToString("{items=[1, 2.5, ü, true, null], big=18446744073709551615}");
        }

        @Test
        void readsAFileBesideTheYaml(@TempDir Path directory) throws IOException {
            Files.createDirectories(directory.resolve("bodies"));
            Files.writeString(directory.resolve("bodies/empty.json"), "{}");

            Policy policy = only(
                    yaml(directory, "policies: { p: { fallback: [ static: { body-file: bodies/empty.json } ] } }"));

            assertThat(answer(policy).json()).isEqualTo(Map.of());
            assertThat(written(policy).answered()).contains(Protocol.GRPC);
        }

        @Test
        void refusesAFileThatIsTooLarge(@TempDir Path directory) throws IOException {
            Path most = Files.write(directory.resolve("most"), new byte[1 << 20]);
            Path more = Files.write(directory.resolve("more"), new byte[(1 << 20) + 1]);

            assertThat(answer(policy("fallback.static.body-file", most.toString()))
                            .body())
                    .hasSize(1 << 20);
            assertThat(properties("resilience.policies.p.fallback.static.body-file", more.toString())
                            .problems())
                    .singleElement()
                    .asString()
                    .contains("must be a file of at most 1 MiB");
        }

        @Test
        void answersGrpcWithBytesOnlyWhereNothingElseIsGuarded() {
            assertThat(written(policy("match.service", "**", "fallback.static.body-base64", "AAEC"))
                            .answered())
                    .containsExactly(Protocol.GRPC);
            assertThat(written(policy("fallback.static.body-base64", "AAEC")).answered())
                    .containsExactly(Protocol.HTTP);
            assertThat(written(policy("match.host", "**", "fallback.static.body", "{}"))
                            .answered())
                    .containsExactly(Protocol.HTTP);
        }
    }

    @Nested
    class OfAChain {
        private List<String> types(Policy policy) {
            return policy.chain().stream().map(Link::type).toList();
        }

        @Test
        void keepsTheOrderOfTheFile(@TempDir Path directory) {
            Policy policy = only(yaml(directory, """
                    policies:
                      p:
                        fallback:
                          - static: { status: 203 }
                          - alternate: { uri: "https://backup.svc:8443/v2/", deadline: 200ms, credentials: true }
                    """));

            assertThat(types(policy)).containsExactly("static", "alternate");
            assertThat(policy.chain().get(1))
                    .isEqualTo(new Link.Alternate(
                            URI.create("https://backup.svc:8443/v2/"), Duration.ofMillis(200), true));
            assertThat(policy.chain(Protocol.GRPC)).isEmpty();
        }

        @Test
        void rowsAreKeptOnlyWhereAPolicySaysSoOfDatabases(@TempDir Path directory) {
            List<Policy> policies = yaml(directory, """
                    defaults:
                      fallback:
                        - snapshot: { max-age: 1m }
                    policies:
                      rows:
                        match: { url: "jdbc:postgresql://db/*" }
                        fallback:
                          - snapshot: { max-age: 10m }
                      inherits:
                        match: { protocol: jdbc }
                      all:
                        fallback:
                          - snapshot: { max-age: 2m }
                    """).policies().policies();

            assertThat(policies)
                    .extracting(policy -> policy.chain(Protocol.JDBC).size())
                    .containsExactly(1, 0, 0);
            assertThat(policies.get(2).chain(Protocol.HTTP)).hasSize(1);
        }

        @Test
        void triesTheAlternateFirstWhereNobodySaysSo() {
            assertThat(types(policy("fallback.static.status", "203", "fallback.alternate.uri", "http://b")))
                    .containsExactly("alternate", "static");
            assertThat(types(policy(
                            "fallback.static.status",
                            "203",
                            "fallback.alternate.uri",
                            "http://b",
                            "fallback.chain",
                            "static")))
                    .containsExactly("static", "alternate");
        }
    }

    @Nested
    class OfAFile {
        @Test
        void mustBeUtf8(@TempDir Path directory) throws IOException {
            Path file = Files.write(directory.resolve("a.yaml"), new byte[] {'a', ':', ' ', (byte) 0xC3, '\n'});

            assertThat(PolicyLoader.load(Map.of(), Map.of(), file).problems())
                    .singleElement()
                    .hasToString("error in a.yaml: config: must be text in UTF-8; every policy only observes");
        }

        @Test
        void mayStartWithAByteOrderMark(@TempDir Path directory) throws IOException {
            Path file = Files.writeString(directory.resolve("a.yaml"), "\uFEFFfile-format: '1.0'\nmode: enforce\n");

            Loaded loaded = PolicyLoader.load(Map.of(), Map.of(), file);
            assertThat(loaded.problems()).isEmpty();
            assertThat(loaded.policies().mode()).isEqualTo(Mode.ENFORCE);
        }

        @Test
        void mustBeBounded(@TempDir Path directory) throws IOException {
            Path file = Files.write(
                    directory.resolve("a.yaml"), "# much\n".repeat(200_000).getBytes(StandardCharsets.UTF_8));

            assertThat(PolicyLoader.load(Map.of(), Map.of(), file).problems())
                    .singleElement()
                    .asString()
                    .contains("must be a file of at most 1 MiB");
        }

        @Test
        void putsEverythingInObserveWhenItCannotBeRead(@TempDir Path directory) {
            Loaded loaded = PolicyLoader.load(
                    map("resilience.mode", "enforce", "resilience.policies.p.mode", "enforce"),
                    Map.of(),
                    directory.resolve("absent.yaml"));

            assertThat(loaded.usable()).isFalse();
            assertThat(loaded.problems()).hasSize(1);
            assertThat(loaded.policies().mode()).isEqualTo(Mode.OBSERVE);
            assertThat(loaded.policies().policies()).extracting(Policy::mode).containsExactly(Mode.OBSERVE);
        }

        @Test
        void mayShareNodes(@TempDir Path directory) {
            Loaded loaded = yaml(directory, """
                    policies:
                      a: { breaker: &mine { strategy: ewma, probes: 3 } }
                      b: { breaker: *mine }
                    """);

            assertThat(loaded.problems()).isEmpty();
            assertThat(loaded.policies().policies())
                    .extracting(policy -> breaker(policy).probes())
                    .containsExactly(3, 3);
        }

        /** Whatever the bytes are: an answer, soon, and nothing thrown. */
        @ParameterizedTest(name = "seed {0}")
        @ValueSource(longs = {1, 2, 3, 4})
        void neverThrows(long seed, @TempDir Path directory) throws IOException {
            Random random = new Random(seed);
            byte[] sound = """
                    file-format: "1.0"
                    mode: enforce
                    defaults: &d { deadline: 2s, breaker: { probes: 3 } }
                    policies:
                      payments:
                        match: { protocol: http, host: "*.svc", port: [80, 443], path: "/v1/**" }
                        breaker: { strategy: count-window, window: 10, failure-on: [5xx, timeout] }
                        fallback:
                          - static: { status: 200, headers: { a: b }, body: '{"a":[1,2]}' }
                    """.getBytes(StandardCharsets.UTF_8);
            String marks = "{}[]:,-&*!|>'\"%@?#\n\t \\\0<~0.xß";
            for (int round = 0; round < 400; round++) {
                byte[] bytes = sound.clone();
                for (int change = random.nextInt(6); change >= 0; change--) {
                    bytes[random.nextInt(bytes.length)] = (byte) marks.charAt(random.nextInt(marks.length()));
                }
                Path file = Files.write(directory.resolve("a.yaml"), bytes);

                Loaded loaded = PolicyLoader.load(Map.of(), Map.of(), file);

                assertThat(loaded.problems())
                        .as(new String(bytes, StandardCharsets.ISO_8859_1))
                        .noneMatch(problem -> problem.source().equals("the agent"));
            }
        }
    }

    private static Deadline fixed(int seconds) {
        return new Deadline.Fixed(Duration.ofSeconds(seconds));
    }

    private static BreakerConfig breaker(Policy policy) {
        return Objects.requireNonNull(policy.breaker());
    }

    private static StaticAnswer answer(Policy policy) {
        return written(policy).answer();
    }

    private static Link.Static written(Policy policy) {
        return (Link.Static) policy.chain().get(0);
    }
}
