package dev.resilience.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What is in the jar, and what must not be. */
@Tag("unhurried")
class JarIT {
    private static final long LARGEST = 8L * 1024 * 1024;

    @Test
    void showsTheApplicationItsEntranceAndNothingElse() throws IOException {
        try (JarFile jar = new JarFile(Jvm.agentJar().toFile())) {
            List<String> visible = jar.stream()
                    .map(JarEntry::getName)
                    .filter(name -> !name.startsWith("inst/") && !name.startsWith("META-INF/") && !name.endsWith("/"))
                    .toList();

            assertThat(visible)
                    .contains("dev/resilience/Premain.class", "dev/resilience/AgentLoader.class")
                    .allMatch(
                            name -> name.matches("dev/resilience/(Premain|AgentLoader|package-info)(\\$.*)?\\.class"));
            assertThat(jar.stream().map(JarEntry::getName).filter(name -> name.startsWith("inst/")))
                    .as("a class here could be loaded by others, or be scanned")
                    .noneMatch(name -> name.endsWith(".class"))
                    .contains("inst/boot/ResilienceDispatch.bin", "inst/dev/resilience/agent/Startup.classdata");
        }
    }

    @Test
    void namesItsEntrancesAndAppendsNothingToTheBootClassPath() throws IOException {
        try (JarFile jar = new JarFile(Jvm.agentJar().toFile())) {
            var manifest = jar.getManifest().getMainAttributes();

            assertThat(manifest.getValue("Premain-Class")).isEqualTo("dev.resilience.Premain");
            assertThat(manifest.getValue("Agent-Class")).isEqualTo("dev.resilience.Premain");
            assertThat(manifest.getValue("Can-Retransform-Classes")).isEqualTo("true");
            assertThat(manifest.getValue("Boot-Class-Path")).isNull();
            assertThat(manifest.getValue("Launcher-Agent-Class")).isNull();
        }
    }

    @Test
    void bringsTheLicencesOfWhatItContains() throws IOException {
        try (JarFile jar = new JarFile(Jvm.agentJar().toFile())) {
            assertThat(jar.stream().map(JarEntry::getName))
                    .contains(
                            "META-INF/licenses/Apache-2.0.txt",
                            "META-INF/licenses/ASM.txt",
                            "META-INF/licenses/THIRD-PARTY.txt");
            assertThat(new String(
                            jar.getInputStream(jar.getEntry("META-INF/licenses/THIRD-PARTY.txt"))
                                    .readAllBytes(),
                            java.nio.charset.StandardCharsets.UTF_8))
                    .contains("byte-buddy", "snakeyaml-engine", "caffeine", "opentelemetry");
        }
    }

    @Test
    void isNotTooLarge() throws IOException {
        assertThat(Files.size(Jvm.agentJar())).isLessThanOrEqualTo(LARGEST);
    }
}
