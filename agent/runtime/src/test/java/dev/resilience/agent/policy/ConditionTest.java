package dev.resilience.agent.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.sun.management.ThreadMXBean;
import dev.resilience.instrumentation.api.RequestFacts;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class ConditionTest {
    private static final String KEY = "fallback.when";

    private static final RequestFacts HTTP = new RequestFacts() {
        @Override
        public @Nullable String header(String name) {
            return name.equalsIgnoreCase("x-tier") ? "gold" : null;
        }

        @Override
        public String method() {
            return "GET";
        }

        @Override
        public String host() {
            return "shop.svc";
        }

        @Override
        public String path() {
            return "/v1/orders/7";
        }

        @Override
        public String query() {
            return "id=7&a%20b";
        }
    };

    private static final RequestFacts GRPC = new RequestFacts() {
        @Override
        public @Nullable String metadata(String key) {
            return key.equals("x-tenant") ? "acme" : null;
        }

        @Override
        public String method() {
            return "Get";
        }
    };

    private static RequestFacts jdbc(String sql) {
        return new RequestFacts() {
            @Override
            public String sql() {
                return sql;
            }
        };
    }

    private static final RequestFacts JDBC = jdbc("SELECT * FROM shop.orders o JOIN items i ON o.id = i.id");

    private static Condition condition(String text) {
        return Condition.parse(KEY, text);
    }

    static Stream<Arguments> good() {
        return Corpus.arguments("good.txt");
    }

    static Stream<Arguments> bad() {
        return Corpus.arguments("bad.txt");
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("good")
    void holdsForTheCallsItIsWrittenFor(String text, String expected) {
        Condition condition = condition(text);

        List<String> held = new ArrayList<>();
        for (Protocol protocol : Protocol.values()) {
            if (condition.holds(protocol, facts(protocol))) {
                held.add(protocol.text());
            }
        }
        String protocols = Arrays.stream(Protocol.values())
                .filter(condition.protocols()::contains)
                .map(Protocol::name)
                .collect(Collectors.joining(" "));

        assertThat((protocols + " | " + String.join(" ", held)).trim()).isEqualTo(expected);
        assertThat(condition).hasToString(text).isEqualTo(condition(text)).hasSameHashCodeAs(condition(text));
    }

    private static RequestFacts facts(Protocol protocol) {
        return switch (protocol) {
            case HTTP -> HTTP;
            case GRPC -> GRPC;
            case JDBC -> JDBC;
        };
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("bad")
    void saysWhereItIsWrongAndWhatWouldBeRight(String text, String expected) {
        BadValue wrong = catchThrowableOfType(BadValue.class, () -> condition(text));

        assertThat(wrong).isNotNull();
        assertThat(wrong.key()).isEqualTo(KEY);
        assertThat(wrong.rule()).startsWith("a condition").endsWith(": " + expected);
    }

    @Test
    void isOfBoundedLengthAndDepth() {
        String shortest = "has path";
        String nots = "not ".repeat(ConditionParser.DEEPEST);

        condition(nots + shortest);
        condition("(".repeat(ConditionParser.DEEPEST) + shortest + ")".repeat(ConditionParser.DEEPEST));
        assertThatThrownBy(() -> condition("not " + nots + shortest))
                .hasMessage("fallback.when must be a condition: at 69: expected no more than 16 parentheses and nots "
                        + "inside each other");
        assertThatThrownBy(() -> condition("(".repeat(900))).hasMessageContaining("at 18: expected no more than 16");
        condition(shortest + " ".repeat(ConditionParser.LONGEST - shortest.length()));
        assertThatThrownBy(() -> condition(shortest + " ".repeat(ConditionParser.LONGEST)))
                .hasMessage("fallback.when must be a condition of at most 1000 characters");
        assertThatThrownBy(() -> condition("header(\"x\") == \"" + "a".repeat(257) + "\""))
                .hasMessageEndingWith("at 16: expected a text of at most 256 characters");
        assertThatThrownBy(() -> condition("header(\"" + "a".repeat(65) + "\") == \"a\""))
                .hasMessageContaining("at 8: expected a name of 1 to 64");
        assertThatThrownBy(() -> condition("header(\"x\") == \"a\nb\""))
                .hasMessageEndingWith("at 18: expected a text without control characters");
        for (String blank : List.of("", " ", "\n\t")) {
            assertThatThrownBy(() -> condition(blank))
                    .hasMessage("fallback.when must be a condition, for example header(\"x-tier\") == \"gold\"");
        }
    }

    @Nested
    class ForTheProtocolsOfAPolicy {
        @ParameterizedTest
        @CsvSource(
                delimiter = ';',
                value = {
                    "has header('x'); HTTP",
                    "has header('x'); HTTP GRPC",
                    "has header('x') or has metadata('x'); GRPC",
                    "method == 'Get'; GRPC",
                    "verb == 'SELECT'; HTTP GRPC JDBC",
                })
        void canHoldForOneOfThem(String text, String guarded) {
            condition(text.replace('\'', '"')).requireFor(KEY, of(guarded));
        }

        @ParameterizedTest
        @CsvSource(
                delimiter = ';',
                value = {
                    "has header('x'); GRPC; this one is of http, and the policy guards grpc",
                    "has header('x'); GRPC JDBC; this one is of http, and the policy guards grpc and jdbc",
                    "method == 'GET'; JDBC; this one is of http and grpc, and the policy guards jdbc",
                    "table == 't'; HTTP; this one is of jdbc, and the policy guards http",
                })
        void orIsRefused(String text, String guarded, String why) {
            Condition condition = condition(text.replace('\'', '"'));

            assertThatThrownBy(() -> condition.requireFor(KEY, of(guarded)))
                    .isInstanceOf(BadValue.class)
                    .hasMessage("fallback.when must be a condition that a call can meet: " + why);
        }

        private static Predicate<Protocol> of(String guarded) {
            return protocol -> List.of(guarded.split(" ", -1)).contains(protocol.name());
        }
    }

    @Nested
    class WithoutAFact {
        @Test
        void whatIsNotThereDiffersFromEverything() {
            RequestFacts none = new RequestFacts() {};

            assertThat(condition("header(\"x\") == \"a\"").holds(Protocol.HTTP, none))
                    .isFalse();
            assertThat(condition("header(\"x\") != \"a\"").holds(Protocol.HTTP, none))
                    .isTrue();
            assertThat(condition("header(\"x\") like \"**\"").holds(Protocol.HTTP, none))
                    .isFalse();
            assertThat(condition("has query(\"x\")").holds(Protocol.HTTP, none)).isFalse();
        }

        @ParameterizedTest
        @CsvSource({"path == '/a'", "method like 'G*'", "host in ('a')", "has path"})
        void whatNobodyCanTellIsNeitherSoNorNot(String text) {
            RequestFacts none = new RequestFacts() {};
            String written = text.replace('\'', '"');

            assertThat(condition(written).holds(Protocol.HTTP, none)).isFalse();
            assertThat(condition("not " + written).holds(Protocol.HTTP, none)).isFalse();
        }

        @ParameterizedTest
        @CsvSource(
                delimiter = '|',
                value = {
                    "table == 'a'| SELECT * FROM f('a')",
                    "tables like '*'| SELECT 1; DROP TABLE a",
                    "verb == 'SELECT'| SELECT * INTO b FROM a",
                    "verb in ('DELETE')| SELECT 'a\\' FROM b -- '",
                    "table == 'shop.a'| SELECT * FROM a",
                    "table like 'shop.*'| SELECT * FROM a",
                })
        void aStatementThatIsNotUnderstoodMeetsNothing(String text, String sql) {
            String written = text.replace('\'', '"');

            assertThat(condition(written).holds(Protocol.JDBC, jdbc(sql))).isFalse();
            assertThat(condition("not " + written).holds(Protocol.JDBC, jdbc(sql)))
                    .isFalse();
            assertThat(condition(written + " or not " + written).holds(Protocol.JDBC, jdbc(sql)))
                    .isFalse();
        }

        @Test
        void andSaysSo() {
            Condition condition = condition("verb == \"SELECT\"");

            assertThat(condition.isUnsure(jdbc("SELECT * FROM f()"))).isTrue();
            assertThat(condition.isUnsure(jdbc("SELECT * FROM a"))).isFalse();
            assertThat(condition("has path").isUnsure(HTTP)).isFalse();
        }

        @Test
        void whatElseIsKnownDecides() {
            RequestFacts unknown = jdbc("SELECT * FROM f()");

            assertThat(condition("verb == \"SELECT\" or table == \"a\"").holds(Protocol.JDBC, unknown))
                    .isTrue();
            assertThat(condition("not (verb == \"DELETE\" and table == \"a\")").holds(Protocol.JDBC, unknown))
                    .isTrue();
            assertThat(condition("verb == \"SELECT\" and not table == \"a\"").holds(Protocol.JDBC, unknown))
                    .isFalse();
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            nullValues = "null",
            value = {
                "id; id=7; true",
                "id; a=1&id; true",
                "id; a=id; false",
                "id; idx=1; false",
                "id; i=1; false",
                "id; ID=1; false",
                "id; %69d=1; true",
                "id; %69%64; true",
                "id; %6=1; false",
                "id; %zzd=1; false",
                "a b; a+b=1; true",
                "a b; x&a%20b; true",
                "a+b; a+b; false",
                "a+b; a%2Bb; true",
                "ü; %C3%BC=1; true",
                "ü; %c3%bc; true",
                "ü; ü=1; true",
                "ü; %C3=1; false",
                "€; %E2%82%AC; true",
                "😀; %F0%9F%98%80=; true",
                "😀; 😀; true",
                "id; null; false",
                "id; =7; false",
                "id; &&id; true",
            })
    void findsANameInAQueryHoweverItIsEscaped(String name, @Nullable String query, boolean expected) {
        RequestFacts facts = new RequestFacts() {
            @Override
            public @Nullable String query() {
                return query;
            }
        };

        assertThat(condition("has query(\"" + name + "\")").holds(Protocol.HTTP, facts))
                .isEqualTo(expected);
    }

    /** Random texts and good ones spoilt: read or refused, and what is read is evaluated to the end. */
    @Test
    void isReadOrRefusedWhateverItSays() {
        List<String> good =
                Corpus.read("good.txt").stream().map(Corpus.Case::text).toList();
        String[] pieces = {
            "(", ")", "\"", "'", "==", "!=", ",", " and ", " or ", "not ", "has ", "in", " like ", "header", "query",
            "metadata", "\"x\"", "path", "verb", "table", "tables", "*", "**", "\0", "\n", "é", "\uD83D", "=", "&&", "0"
        };
        Random random = new Random(11);
        int read = 0;
        for (int round = 0; round < 10_000; round++) {
            StringBuilder text = new StringBuilder(random.nextInt(3) == 0 ? "" : good.get(random.nextInt(good.size())));
            for (int change = 1 + random.nextInt(5); change > 0; change--) {
                int at = random.nextInt(text.length() + 1);
                switch (random.nextInt(4)) {
                    case 0 -> text.insert(at, pieces[random.nextInt(pieces.length)]);
                    case 1 -> text.insert(at, (char) random.nextInt(0x250));
                    case 2 -> text.delete(at, Math.min(text.length(), at + 1 + random.nextInt(6)));
                    default ->
                        text.append(random.nextBoolean() ? " and " : " or ")
                                .append(good.get(random.nextInt(good.size())));
                }
            }
            read += evaluated(text.toString()) ? 1 : 0;
        }
        assertThat(read).isBetween(500, 9_500);
    }

    private static boolean evaluated(String text) {
        Condition condition;
        try {
            condition = condition(text);
        } catch (BadValue refused) {
            assertThat(refused.rule()).as(text).startsWith("a condition").doesNotContain("\n", "\0");
            return false;
        }
        assertThat(condition.protocols()).as(text).isNotEmpty();
        for (Protocol protocol : Protocol.values()) {
            boolean holds = condition.holds(protocol, facts(protocol));
            boolean holdsNot = negated(text, protocol);
            assertThat(holds && holdsNot)
                    .as("%s, %s", text, protocol.name().toLowerCase(Locale.ROOT))
                    .isFalse();
        }
        return true;
    }

    /** Not both: and never what cannot be. */
    private static boolean negated(String text, Protocol protocol) {
        try {
            return condition("not (" + text + ")").holds(protocol, facts(protocol));
        } catch (BadValue tooMuch) {
            return false;
        }
    }

    /** But for the object that one evaluation is, which dies young. */
    @Test
    void allocatesNoMoreForALongConditionThanForAShortOne() {
        Condition brief = condition("has path");
        Condition large =
                condition("header(\"x-tier\") in (\"a\", \"b\") or has query(\"none\") or path like \"/x/**\" "
                        + "or host == \"other\" or not (method in (\"GET\", \"HEAD\") and has header(\"x-tier\"))");

        assertThat(allocated(large)).isLessThanOrEqualTo(allocated(brief)).isLessThanOrEqualTo(32);
    }

    private static long allocated(Condition condition) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long least = Long.MAX_VALUE;
        int calls = 100_000;
        for (int turn = 0; turn < 3; turn++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < calls; i++) {
                condition.holds(Protocol.HTTP, HTTP);
            }
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        return least / calls;
    }
}
