package dev.resilience.agent.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SqlNamesTest {
    static Stream<Arguments> statements() {
        return Corpus.arguments("sql.txt");
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("statements")
    void tellsWhatIsSureAndNoMore(String written, String expected) {
        String sql = written.equals("<nothing>") ? "" : written.translateEscapes();

        assertThat(said(SqlNames.of(sql))).as(sql).isEqualTo(expected);
    }

    /** Whatever is put before and behind a statement that says nothing of its own changes nothing. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("statements")
    void looksThroughCommentsAndSpace(String written, String expected) {
        String sql = written.equals("<nothing>") ? "" : written.translateEscapes();
        if (sql.matches("[\\w ,.()*=?<>;:@]*")) {
            assertThat(said(SqlNames.of("/* FROM x */\n-- FROM y\n" + sql.replace(" ", "\t\n/* ; */ "))))
                    .isEqualTo(said(SqlNames.of(sql)));
        }
    }

    @Test
    void isNotSureOfAStatementOfMoreThan64Ki() {
        String large = "SELECT 1" + " ".repeat(1 << 16);

        assertThat(said(SqlNames.of(large))).isEqualTo("? | ?");
    }

    /** Statements cut, joined and with characters changed: it says something, or that it is not sure, and soon. */
    @Test
    void endsAndNeverThrowsWhateverItIsGiven() {
        List<String> statements =
                Corpus.read("sql.txt").stream().map(Corpus.Case::text).toList();
        String pieces = "'\"`[]()$-/*;,.@:?#\\ \n\0eEqQuU&é\uD83D";
        Random random = new Random(7);
        for (int round = 0; round < 8_000; round++) {
            StringBuilder sql = new StringBuilder(statements.get(random.nextInt(statements.size())));
            for (int change = random.nextInt(6); change > 0; change--) {
                int at = random.nextInt(sql.length() + 1);
                switch (random.nextInt(4)) {
                    case 0 -> sql.insert(at, pieces.charAt(random.nextInt(pieces.length())));
                    case 1 -> sql.setLength(at);
                    case 2 -> sql.insert(at, statements.get(random.nextInt(statements.size())));
                    default -> sql.delete(at, Math.min(sql.length(), at + random.nextInt(8)));
                }
            }
            SqlNames names = SqlNames.of(sql.toString());
            assertThat(names.verb() != null || names.tables() == null)
                    .as("round %d: %s", round, sql)
                    .isTrue();
        }
    }

    @Test
    void readsADeepAndALongStatementInNoTime() {
        String deep = "SELECT * FROM " + "(SELECT * FROM ".repeat(3_000) + "a" + ") x".repeat(3_000);
        String wide = "SELECT * FROM " + "a JOIN ".repeat(8_000) + "b";

        assertTimeout(Duration.ofSeconds(5), () -> {
            assertThat(said(SqlNames.of(deep))).isEqualTo("SELECT | a");
            assertThat(said(SqlNames.of(wide))).isEqualTo("SELECT | a, b");
        });
    }

    private static String said(SqlNames names) {
        List<String> tables = names.tables();
        String told = tables == null ? "?" : tables.isEmpty() ? "none" : String.join(", ", tables);
        return (names.verb() == null ? "?" : names.verb()) + " | " + told;
    }
}
