package dev.resilience.agent.fallback;

import static org.assertj.core.api.Assertions.assertThat;

import dev.resilience.agent.fallback.Script.Called;
import dev.resilience.agent.fallback.Script.Player;
import dev.resilience.agent.fallback.Script.Unanswered;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The corpus of RFC 9111, first one case after the other, then all of it at once and for two callers. */
class HttpCorpusTest {
    private final Fingerprints fingerprints = new Fingerprints();

    static List<Script> corpus() {
        return Script.corpus();
    }

    @Test
    void hasOverAHundredCasesWithNamesOfTheirOwn() {
        assertThat(corpus()).hasSizeGreaterThan(100);
        assertThat(corpus().stream().map(Script::name)).doesNotHaveDuplicates();
        assertThat(corpus()).allSatisfy(script -> {
            assertThat(script.name()).matches("(9110|9111|9113|5861)-[\\d.]+ .*|policy .*");
            assertThat(script.steps()).anyMatch(step -> step instanceof Unanswered || isDecided(step));
        });
    }

    private static boolean isDecided(Script.Step step) {
        return step instanceof Called called
                && (called.forbidden() != null || called.request().line().contains("#"));
    }

    @ParameterizedTest
    @MethodSource("corpus")
    void says(Script script) {
        TargetStamps stamps = new TargetStamps();
        play(script, new Player(script, 1, snapshots(script.rule(), stamps), stamps, null));
    }

    @Test
    void saysTheSameOfTwoPrincipalsAtOnceAndCrossesNobody() {
        TargetStamps stamps = new TargetStamps();
        Map<SnapshotRule, HttpSnapshots> all = new HashMap<>();
        List<List<Runnable>> rounds = new ArrayList<>();
        List<String> given = new ArrayList<>();
        int number = 0;
        for (Script script : corpus()) {
            HttpSnapshots snapshots = all.computeIfAbsent(script.rule(), rule -> snapshots(rule, stamps));
            int unique = number++;
            for (String principal : List.of("ann", "bob", "ann", "bob")) {
                Player player = new Player(script, unique, snapshots, stamps, principal);
                rounds.add(turns(script, player, principal, given));
            }
        }
        turnByTurn(rounds);
        assertThat(given).hasSizeGreaterThan(200).contains("ann", "bob");
    }

    /** Each step of a case as a turn, so that those of all the others can come in between. */
    private static List<Runnable> turns(Script script, Player player, String principal, List<String> given) {
        Turn turn = new Turn(script, player, principal, given);
        List<Runnable> turns = new ArrayList<>();
        script.steps().forEach(step -> turns.add(turn));
        return turns;
    }

    private static void turnByTurn(List<List<Runnable>> rounds) {
        int longest = rounds.stream().mapToInt(List::size).max().orElse(0);
        for (int turn = 0; turn < longest; turn++) {
            for (List<Runnable> round : rounds) {
                if (turn < round.size()) {
                    round.get(turn).run();
                }
            }
        }
    }

    private static final class Turn implements Runnable {
        private final Script script;
        private final Player player;
        private final String principal;
        private final List<String> given;
        private final List<Called> called = new ArrayList<>();

        Turn(Script script, Player player, String principal, List<String> given) {
            this.script = script;
            this.player = player;
            this.principal = principal;
            this.given = given;
        }

        @Override
        public void run() {
            player.step(result -> {
                if (result.step() instanceof Called call) {
                    called.add(call);
                }
                if (script.rule().shared()) {
                    onlyWhatIsForAll(result.given());
                } else {
                    check(script, player, called, result);
                    HttpGiven answer = result.given();
                    if (answer != null) {
                        assertThat(answer.headers()).as(script.name()).containsEntry("X-For", List.of(principal));
                        assertThat(text(answer)).as(script.name()).matches("|" + principal + ": .*");
                        given.add(principal);
                    }
                }
            });
        }

        private void onlyWhatIsForAll(@Nullable HttpGiven answer) {
            if (answer != null) {
                given.add(principal);
                assertThat(String.join(",", answer.headers().getOrDefault("Cache-Control", List.of())))
                        .as(script.name())
                        .containsAnyOf("public", "s-maxage", "must-revalidate")
                        .doesNotContain("private");
            }
        }
    }

    private static void play(Script script, Player player) {
        List<Called> called = new ArrayList<>();
        while (!player.isThrough()) {
            player.step(result -> {
                if (result.step() instanceof Called call) {
                    called.add(call);
                }
                check(script, player, called, result);
            });
        }
    }

    private static void check(Script script, Player player, List<Called> called, Script.Result result) {
        if (result.step() instanceof Called call) {
            assertThat(result.forbidden()).as(script.name() + ": kept").isEqualTo(call.forbidden());
            return;
        }
        Unanswered unanswered = (Unanswered) result.step();
        assertThat(result.forbidden()).as(script.name() + ": given").isEqualTo(unanswered.forbidden());
        HttpGiven answer = result.given();
        if (unanswered.forbidden() != null) {
            assertThat(answer).as(script.name()).isNull();
            return;
        }
        assertThat(answer).as(script.name()).isNotNull();
        String wanted = unanswered.body();
        Called source = called.stream()
                .filter(call -> wanted == null || call.body().equals(wanted))
                .reduce((first, second) -> second)
                .orElseThrow();
        assertThat(answer.headers()).as(script.name()).isEqualTo(player.expected(source, unanswered));
        assertThat(answer.status()).as(script.name()).isEqualTo(source.answer().status());
        assertThat((answer.age().toMillis() + 999) / 1_000).as(script.name()).isEqualTo(unanswered.age());
        boolean isHead = unanswered.request().line().startsWith("HEAD ");
        assertThat(answer.body()).as(script.name()).isEqualTo(isHead ? new byte[0] : player.body(source));
    }

    private static String text(HttpGiven answer) {
        return new String(answer.body(), StandardCharsets.UTF_8);
    }

    private HttpSnapshots snapshots(SnapshotRule rule, TargetStamps stamps) {
        return new HttpSnapshots(rule, fingerprints, stamps, () -> 0);
    }
}
