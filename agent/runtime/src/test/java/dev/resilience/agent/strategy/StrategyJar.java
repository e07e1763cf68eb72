package dev.resilience.agent.strategy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.resilience.spi.StrategyProvider;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;

/** Compiles a strategy against what it may see alone, as its author would, and puts it in a jar. */
public final class StrategyJar {
    /** The example of {@code docs/strategies.md}. */
    public static final String BUDGET = example();

    public static Path budget(Path directory) throws IOException, URISyntaxException {
        return of(directory, "budget", BUDGET);
    }

    /** A jar of that name, with another source of the same class. */
    public static Path of(Path directory, String name, String source) throws IOException, URISyntaxException {
        Path classes = Files.createDirectories(directory.resolve(name));
        Path file = Files.writeString(directory.resolve("BudgetStrategy.java"), source);
        Path spi = Path.of(StrategyProvider.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
        Path services = Files.createDirectories(classes.resolve("META-INF/services"));
        Files.writeString(services.resolve(StrategyProvider.class.getName()), "com.example.BudgetStrategy\n");
        Path jar = directory.resolve(name + ".jar");
        run("javac", "--release", "17", "-cp", spi.toString(), "-d", classes.toString(), file.toString());
        run("jar", "--create", "--file", jar.toString(), "-C", classes.toString(), ".");
        return jar;
    }

    private static void run(String tool, String... arguments) {
        assertThat(ToolProvider.findFirst(tool).orElseThrow().run(System.out, System.err, arguments))
                .isZero();
    }

    private static String example() {
        try {
            String page = Files.readString(Path.of("../../docs/strategies.md"));
            Matcher example = Pattern.compile("```java\n(package com.example;.*?)```", Pattern.DOTALL)
                    .matcher(page);
            assertThat(example.find()).isTrue();
            return example.group(1);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    private StrategyJar() {}
}
