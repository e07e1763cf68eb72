package dev.resilience.agent.fallback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FieldsTest {
    @Test
    void areFoundByAnyCase() {
        Map<String, List<String>> headers = new LinkedHashMap<>();
        headers.put("accept", List.of("a", "b"));
        headers.put("Accept", List.of("c"));
        headers.put(null, List.of("HTTP/1.1 200 OK"));
        Fields fields = Fields.of(headers);

        assertThat(fields.all("ACCEPT")).containsExactly("a", "b", "c");
        assertThat(fields.first("Accept")).isEqualTo("a");
        assertThat(fields.has("aCCept")).isTrue();
        assertThat(fields.map()).hasSize(1);
        assertThatThrownBy(() -> fields.map().clear()).isInstanceOf(UnsupportedOperationException.class);
    }

    @Test
    void areEmptyIfTheyAreNotThere() {
        assertThat(Fields.NONE.all("Accept")).isEmpty();
        assertThat(Fields.NONE.first("Accept")).isNull();
        assertThat(Fields.NONE.has("Accept")).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "z", "A", "Z", "0", "9", "x-Plan", "!#$%&'*+-.^_`|~"})
    void haveNamesThatAreTokens(String name) {
        assertThat(Fields.isName(name)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "a b", "a:", "a,b", "\"", "{", "@", "[", "/", "ä", "\0"})
    void haveNoOtherNames(String name) {
        assertThat(Fields.isName(name)).isFalse();
    }
}
