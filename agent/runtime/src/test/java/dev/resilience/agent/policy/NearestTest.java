package dev.resilience.agent.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NearestTest {
    @ParameterizedTest
    @CsvSource({
        "deadline, deadline, 0",
        "deadlin, deadline, 1",
        "deadlines, deadline, 1",
        "dedaline, deadline, 1",
        "deadlnie, deadline, 1",
        "beadline, deadline, 1",
        "failureRate, failure-rate, 2",
        "'', key, 3",
        "key, '', 3",
        "ab, ba, 1",
        "abcd, badc, 2",
    })
    void countsTypingErrors(String left, String right, int expected) {
        assertThat(Nearest.distance(left, right)).isEqualTo(expected);
    }

    @Test
    void countsAtMostTheErrorsMade() {
        Random random = new Random(7);
        for (int round = 0; round < 2_000; round++) {
            StringBuilder word = new StringBuilder("minimum-calls");
            int errors = random.nextInt(4);
            for (int error = 0; error < errors; error++) {
                int at = random.nextInt(word.length() - 1);
                switch (random.nextInt(4)) {
                    case 0 -> word.deleteCharAt(at);
                    case 1 -> word.insert(at, 'x');
                    case 2 -> word.setCharAt(at, 'y');
                    default -> word.setCharAt(at, word.charAt(at + 1));
                }
            }
            assertThat(Nearest.distance(word.toString(), "minimum-calls"))
                    .as("%s", word)
                    .isLessThanOrEqualTo(errors)
                    .isEqualTo(Nearest.distance("minimum-calls", word.toString()));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "deadlin, deadline",
        "failure-rate, breaker.failure-rate",
        "breaker.windw, breaker.window",
        "breaker.deadline, deadline",
        "breaker.probs, breaker.probes",
    })
    void findsTheKeyThatWasMeant(String word, String expected) {
        assertThat(Nearest.to(word, Keys.names())).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({"colour", "ky2", "breaker.xyz", "x"})
    void saysNothingWhereNothingIsNear(String word) {
        assertThat(Nearest.to(word, List.of("deadline", "breaker.window", "key")))
                .isNull();
    }
}
