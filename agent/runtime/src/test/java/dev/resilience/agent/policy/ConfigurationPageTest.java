package dev.resilience.agent.policy;

import static dev.resilience.agent.policy.Configurations.map;
import static dev.resilience.agent.policy.Configurations.only;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code docs/configuration.md} beside the code. */
class ConfigurationPageTest {
    private static final Path PAGE = Path.of("../../docs/configuration.md");

    private final String text;

    ConfigurationPageTest() throws IOException {
        text = Files.readString(PAGE);
    }

    @Test
    void describesEveryKeyAndNoOther() {
        Set<String> policy = new TreeSet<>(Keys.POLICY);
        policy.add(Keys.HEADERS + "NAME");
        policy.add(Keys.SETTINGS + "NAME");

        assertThat(table("## Keys at the root").keySet()).containsExactlyInAnyOrderElementsOf(Keys.ROOT);
        assertThat(table("## Keys of a policy").keySet()).containsExactlyInAnyOrderElementsOf(policy);
    }

    @Test
    void givesMeaningValuesAndDefaultOfEach() {
        for (String section : List.of("## Keys at the root", "## Keys of a policy")) {
            table(section)
                    .forEach(
                            (key, cells) -> assertThat(cells).as(key).hasSize(3).allMatch(cell -> !cell.isBlank()));
        }
    }

    @Test
    void namesTheDefaultsThatAreInForce() {
        table("## Keys of a policy").forEach((key, cells) -> {
            Matcher literal = Pattern.compile("`([^` ]+)`").matcher(cells.get(2));
            if (!literal.matches()) {
                return;
            }
            Map<String, String> context = new HashMap<>(map("resilience.policies.p.breaker.strategy", strategy(key)));
            if (strategy(key).equals("slo")) {
                context.put("resilience.policies.p.breaker.slo", "1s");
            }
            if (key.equals("breaker.slow-call-rate")) {
                context.put("resilience.policies.p.breaker.slow-call", "1s");
            }
            if (key.equals("breaker.max-ejection")) {
                context.put("resilience.policies.p.breaker.layers", "instance,service");
            }
            if (key.startsWith(Keys.STATIC)) {
                context.put("resilience.policies.p.fallback.static.body", "x");
            }
            if (key.startsWith("fallback.alternate")) {
                context.put("resilience.policies.p.fallback.alternate.uri", "http://b");
                context.put("resilience.policies.p.fallback.alternate.target", "b:1");
            }
            if (key.startsWith(Keys.RETRY) && !key.equals("retry.attempts")) {
                context.put("resilience.policies.p.retry.attempts", "2");
            }
            if (key.startsWith("fallback.snapshot")) {
                context.put("resilience.policies.p.fallback.snapshot.shared", "false");
            }
            if (key.startsWith(Keys.LIMIT) && !key.equals("limit.concurrency")) {
                context.put("resilience.policies.p.limit.concurrency", "adaptive");
                if (key.equals("limit.max-wait")) {
                    context.put("resilience.policies.p.limit.queue", "1");
                }
            }
            Map<String, String> explicit = new HashMap<>(context);
            explicit.put("resilience.policies.p." + key, literal.group(1));

            assertThat(only(PolicyLoader.load(explicit, Map.of(), null)))
                    .as(key)
                    .isEqualTo(only(PolicyLoader.load(context, Map.of(), null)));
        });
        assertThat(table("## Keys at the root").get("drain")).contains("`20s`");
        assertThat(table("## Keys at the root").get("mode")).contains("`observe`");
        for (String key : List.of(Keys.MAX_TARGETS, Keys.MAX_ROUTES, Keys.TARGET_IDLE_FOR)) {
            String written = Objects.requireNonNull(table("## Keys at the root").get(key))
                    .get(2)
                    .replace("`", "");
            assertThat(PolicyLoader.load(map("resilience." + key, written), Map.of(), null)
                            .policies()
                            .bounds())
                    .as(key)
                    .isEqualTo(TargetBounds.DEFAULTS);
        }
    }

    private static String strategy(String key) {
        String name = key.startsWith(Keys.BREAKER) ? key.substring(Keys.BREAKER.length()) : "";
        return switch (name) {
            case "strategy" -> "adaptive";
            case "consecutive-failures" -> "consecutive";
            case "alpha" -> "ewma";
            case "period", "short-period", "short-period-after", "periods", "p90", "max-p90", "p90-margin" ->
                "two-dimension";
            case "slo-budget", "slo-violations", "slo-climb", "short-window", "long-window" -> "slo";
            default -> "time-window";
        };
    }

    @Test
    void hasTheTableOfFailures() {
        Map<String, List<String>> table = table("## What is a failure");
        for (Protocol protocol : Protocol.values()) {
            String expected = String.join(
                    " ",
                    FailureToken.failures(protocol).stream()
                            .map(token -> "`" + token + "`")
                            .toList());
            assertThat(table.get(protocol.text())).containsExactly(expected);
        }
    }

    @Test
    void showsExamplesWithoutProblems(@TempDir Path directory) throws IOException {
        Matcher examples = Pattern.compile("```yaml\n(.*?)```", Pattern.DOTALL).matcher(text);
        int found = 0;
        while (examples.find()) {
            Path file = Files.writeString(directory.resolve("example.yaml"), examples.group(1));
            assertThat(PolicyLoader.load(Map.of(), Map.of(), file).problems())
                    .as(examples.group(1))
                    .isEmpty();
            found++;
        }
        assertThat(found).isEqualTo(12);
    }

    @Test
    void quotesTheMessagesAsTheyAre() {
        Loaded property = PolicyLoader.load(map("resilience.policies.payments.deadlin", "1s"), Map.of(), null);

        assertThat(text).contains(property.problems().get(0).toString());
    }

    /** The rows of the tables below a heading, by their first cell. */
    private Map<String, List<String>> table(String heading) {
        int start = text.indexOf(heading + "\n");
        int end = text.indexOf("\n## ", start + 1);
        Map<String, List<String>> rows = new LinkedHashMap<>();
        for (String line : text.substring(start, end < 0 ? text.length() : end).split("\n", -1)) {
            if (line.startsWith("| `")) {
                List<String> cells = new ArrayList<>();
                for (String cell : line.substring(1, line.lastIndexOf('|')).split("\\|", -1)) {
                    cells.add(cell.trim());
                }
                rows.put(cells.remove(0).replace("`", ""), cells);
            }
        }
        return rows;
    }
}
