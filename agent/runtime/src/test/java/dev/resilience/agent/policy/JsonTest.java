package dev.resilience.agent.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {
    @Test
    void readsEveryKindOfValue() {
        assertThat(
                        Json.parse(
                                "\n{\"a\": [1, -2, 3.5, 1e3, true, false, null], \"b\": {\"c\": \"\\u00fc\\n\\/\\ud83d\\ude00\"}}"))
                .isEqualTo(Map.of(
                        "a", Arrays.asList(1L, -2L, 3.5, 1000.0, true, false, null),
                        "b", Map.of("c", "ü\n/\uD83D\uDE00")));
        assertThat(Json.parse("[9223372036854775807, 9223372036854775808]"))
                .isEqualTo(List.of(Long.MAX_VALUE, new BigInteger("9223372036854775808")));
        assertThat(Json.parse("{}")).isEqualTo(Map.of());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "text",
                "1",
                "null",
                "{a: 1}",
                "{'a': 1}",
                "{\"a\": text}",
                "{\"a\": 1, \"a\": 2}",
                "{\"a\": .inf}",
                "{\"a\": !!int \"1\"}",
                "[&a [*a]]",
                "{\"a\": 1",
                "{} {}",
                "[1]\n---\n[2]",
            })
    void readsNothingElse(String text) {
        assertThat(Json.parse(text)).isNull();
    }

    @Test
    void isBoundedInDepth() {
        assertThat(Json.parse("[".repeat(32) + "]".repeat(32))).isNotNull();
        assertThat(Json.parse("[".repeat(100_000))).isNull();
    }
}
