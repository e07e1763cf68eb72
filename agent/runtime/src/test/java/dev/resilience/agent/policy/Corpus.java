package dev.resilience.agent.policy;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;

/** Texts beside what is expected of each: one a line, with an arrow between. */
final class Corpus {
    private static final String ARROW = " => ";

    record Case(String text, String expected) {}

    static List<Case> read(String name) {
        try (InputStream stream =
                Objects.requireNonNull(Corpus.class.getResourceAsStream("/conditions/" + name), name)) {
            String all = new String(stream.readAllBytes(), StandardCharsets.UTF_8);
            return all.lines()
                    .filter(line -> !line.startsWith("#"))
                    .map(Corpus::parse)
                    .toList();
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    static Stream<Arguments> arguments(String name) {
        return read(name).stream().map(each -> Arguments.of(each.text, each.expected));
    }

    private static Case parse(String line) {
        int arrow = line.indexOf(ARROW);
        return new Case(
                line.substring(0, arrow), line.substring(arrow + ARROW.length()).trim());
    }

    private Corpus() {}
}
