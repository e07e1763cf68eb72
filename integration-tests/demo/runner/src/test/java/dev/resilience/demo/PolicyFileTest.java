package dev.resilience.demo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.resilience.agent.policy.Loaded;
import dev.resilience.agent.policy.PolicyLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PolicyFileTest {
    @Test
    void thatOfTheDemoIsUnderstood() {
        Map<String, String> properties = Map.of("resilience.policies.price.fallback.alternate.target", "127.0.0.1:1");

        Loaded loaded = PolicyLoader.load(properties, Map.of(), Path.of("../resilience.yaml"));

        assertThat(loaded.problems()).isEmpty();
        assertThat(loaded.policies().policies()).hasSize(Dependency.values().length);
    }

    @Test
    void thatOfTheReadmeIsUnderstood(@TempDir Path directory) throws Exception {
        String readme = Files.readString(Path.of("../../../README.md"));
        int begin = readme.indexOf("```yaml\n") + "```yaml\n".length();
        Path file = directory.resolve("resilience.yaml");
        Files.writeString(file, readme.substring(begin, readme.indexOf("```", begin)));

        Loaded loaded = PolicyLoader.load(Map.of(), Map.of(), file);

        assertThat(loaded.problems()).isEmpty();
        assertThat(loaded.policies().policies()).hasSize(1);
    }
}
