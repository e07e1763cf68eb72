package dev.resilience.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/**
 * Every method of every advice and adapter broken in turn, by an {@code Error}: the application's results stay what they
 * were, and each broken place is told once.
 */
class FaultsIT {

    static Stream<Arguments> settings() {
        return Jdks.all().stream()
                .flatMap(jdk -> Stream.of(
                        Arguments.of(jdk, "observe", new String[] {}), Arguments.of(jdk, "enforce", new String[] {
                            "mode=enforce", "defaults.breaker.strategy=off", "defaults.deadline=5s"
                        })));
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("settings")
    void aBrokenAdviceOrAdapterChangesNoResult(Path jdk, String mode, String[] properties) {
        try (RawHttpServer http = new RawHttpServer();
                EchoFixture grpc = new EchoFixture();
                Jvm program = Jvm.with(jdk)
                        .agent(properties)
                        .option("-javaagent:" + System.getProperty("resilience.faults"))
                        .alsoOnClassPath(ClassReader.class)
                        .caller()) {
            List<String> calls = List.of(
                    "http " + http.url("/status/200"),
                    "http " + http.url("/status/503"),
                    "http-async " + http.url("/status/200"),
                    "http http://127.0.0.1:1/refused",
                    "grpc " + grpc.target() + " hello",
                    "grpc-future " + grpc.target() + " hello",
                    "grpc-async " + grpc.target() + " fail UNAVAILABLE",
                    "grpc-list " + grpc.target() + " a,b",
                    "sql " + Postgres.url() + " select 1",
                    "sql " + Postgres.url() + " select * from nowhere",
                    "direct " + Postgres.url() + " select 1");
            List<String> expected =
                    calls.stream().map(call -> ending(program, call)).toList();
            assertThat(program.errors()).noneMatch(line -> line.contains("resilience: fault"));

            List<String> reached = new ArrayList<>();
            for (String site : sites()) {
                int before = program.errors().size();
                program.call("set breakage " + site);
                List<String> answers =
                        calls.stream().map(call -> ending(program, call)).toList();
                assertThat(answers).as("with %s broken", site).containsExactlyElementsOf(expected);
                List<String> told =
                        program.errors().subList(before, program.errors().size());
                if (told.stream().anyMatch(line -> line.contains(site))) {
                    reached.add(site);
                }
                assertThat(told.stream().distinct().count())
                        .as("each line once, with %s broken: %s", site, told)
                        .isEqualTo(told.size());
            }
            program.call("set breakage none");
            assertThat(calls.stream().map(call -> ending(program, call)).toList())
                    .containsExactlyElementsOf(expected);
            System.out.printf(
                    "faults, JDK %d, %s: %d methods broken, %d of them told of%n",
                    Jdks.releaseOf(jdk), mode, sites().size(), reached.size());
            assertThat(reached).hasSizeGreaterThan(8);
        }
    }

    private static String ending(Jvm program, String call) {
        return program.call(call).replaceFirst("^(ok|failed) \\d+ ", "$1 ");
    }

    /**
     * Every method of the advice and the adapters, as {@code Class.method}. The objects they hand to a library (a body
     * subscriber, a client call) are called by the library itself: nobody stands before them to catch what they throw.
     */
    private static Set<String> sites() {
        Path rooms = Path.of(System.getProperty("resilience.instrumentation"));
        try (Stream<Path> files = Files.walk(rooms)) {
            return files.filter(file -> file.toString().matches(".*/target/classes/.*\\.class"))
                    .filter(file -> !file.toString().matches(".*/(api|testkit)/target/.*"))
                    .filter(file -> file.getFileName().toString().matches(".*(Advice|Adapter)(\\$.*)?\\.class"))
                    .flatMap(file -> methodsOf(file).stream())
                    .collect(Collectors.toCollection(TreeSet::new));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<String> methodsOf(Path file) {
        try {
            ClassReader reader = new ClassReader(Files.readAllBytes(file));
            String type = reader.getClassName().substring(reader.getClassName().lastIndexOf('/') + 1);
            List<String> methods = new ArrayList<>();
            reader.accept(
                    new ClassVisitor(Opcodes.ASM9) {
                        @Override
                        public @Nullable MethodVisitor visitMethod(
                                int access,
                                String name,
                                String descriptor,
                                @Nullable String signature,
                                String @Nullable [] exceptions) {
                            if (!name.startsWith("<") && (access & Opcodes.ACC_ABSTRACT) == 0) {
                                methods.add(type + "." + name);
                            }
                            return null;
                        }
                    },
                    ClassReader.SKIP_CODE);
            return methods;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
