package dev.resilience.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/**
 * Every method of every advice, adapter and object that we hand to a library broken in turn, by an {@code Error}: each
 * call ends as it does under the sound agent, or as it does without one, and each broken place is told once.
 */
@Tag("unhurried")
class FaultsIT {
    /** Every call ends well before this, so a call that is still out hangs. */
    private static final Duration PATIENCE = Duration.ofSeconds(8);

    private static final int PROGRAMS = 6;

    /** How long a call takes that the deadline cuts, in milliseconds; no other call has it in its text. */
    private static final String LATE = "413";

    /**
     * How such a call fails when its fallback or its exception is broken: by the deadline or the cut, as the library says
     * it, be that a pool that got no other connection in that time.
     */
    private static final Pattern CUT = Pattern.compile(
            "^failed .*(deadline_exhausted|read_stall|DEADLINE_EXCEEDED|user request|request timed out after 2[5-9][0-9]ms)");

    static Stream<Arguments> settings() {
        return Jdks.all().stream()
                .flatMap(jdk -> Stream.of(
                        Arguments.of(jdk, "observe", new String[] {}), Arguments.of(jdk, "enforce", new String[] {
                            "mode=enforce",
                            "defaults.breaker.strategy=off",
                            "defaults.deadline=250ms",
                            // to open a connection may take longer than that where six programs do at once
                            "policies.patient.match.protocol=jdbc",
                            "policies.patient.match.url=**/postgres",
                            "policies.patient.deadline=5s",
                            "policies.patient.fallback.snapshot.max-age=1m",
                            "policies.patient.fallback.alternate.url=" + alternate(),
                            "policies.patient.breaker.failure-on=08*,22012,timeout",
                            "policies.reads.match.protocol=http",
                            "policies.reads.match.path=/pause/*",
                            "policies.reads.deadline=none",
                            "policies.reads.stall-after=250ms",
                            "policies.streams.match.protocol=grpc",
                            "policies.streams.match.method=List",
                            "policies.streams.stall-after=250ms",
                            "policies.pages.match.protocol=http",
                            "policies.pages.match.path=/status/*",
                            "policies.pages.fallback.snapshot.max-age=1m",
                            "policies.pages.fallback.static.body=instead",
                            "policies.pages.fallback.static.when=path like \"/status/*\" and not has header(\"x-none\")",
                            "policies.stock.match.protocol=grpc",
                            "policies.stock.match.method=Say",
                            "policies.stock.fallback.snapshot.max-age=1m",
                            "policies.stock.fallback.static.body-base64=aW5zdGVhZA==",
                            "policies.stock.fallback.static.when=method == \"Say\" and not has metadata(\"x-none\")",
                            "defaults.retry.attempts=2",
                            "defaults.retry.backoff=1ms",
                            "defaults.retry.budget=100%",
                            "defaults.retry.methods=resilience.Echo/Say"
                        })));
    }

    /** Another database of the same server, which answers what the first does not. */
    private static String alternate() {
        return Postgres.server().getJdbcUrl("postgres", "template1");
    }

    @BeforeAll
    static void divisors() throws SQLException {
        for (String url : List.of(Postgres.url(), alternate())) {
            try (Connection connection = DriverManager.getConnection(url);
                    Statement statement = connection.createStatement()) {
                statement.execute("create table divisors (n int)");
                statement.execute("insert into divisors values (" + (url.equals(alternate()) ? 2 : 0) + ")");
            }
        }
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("settings")
    void aBrokenPlaceOfOursChangesNoResult(Path jdk, String mode, String[] properties) {
        Supplier<Jvm> guarded = () -> Jvm.with(jdk)
                .agent(properties)
                .option("-javaagent:" + System.getProperty("resilience.faults"))
                .alsoOnClassPath(ClassReader.class)
                .caller();
        try (RawHttpServer http = new RawHttpServer();
                EchoFixture grpc = new EchoFixture()) {
            List<String> calls = calls(http, grpc, mode.equals("enforce"));
            List<String> alone;
            try (Program bare = new Program(() -> Jvm.with(jdk).caller(), calls)) {
                alone = bare.sound();
            }
            List<String> sites = List.copyOf(sites());
            // most of the time passes in deadlines, so several programs share the sites
            List<Survey> surveys = IntStream.range(0, PROGRAMS)
                    .mapToObj(part -> CompletableFuture.supplyAsync(
                            () -> survey(guarded, calls, alone, every(PROGRAMS, part, sites)), command -> {
                                Thread thread = new Thread(command, "survey " + part);
                                thread.setDaemon(true);
                                thread.start();
                            }))
                    .toList()
                    .stream()
                    .map(CompletableFuture::join)
                    .toList();
            List<String> wrong =
                    surveys.stream().flatMap(survey -> survey.wrong().stream()).toList();
            int told = surveys.stream().mapToInt(survey -> survey.told().size()).sum();
            System.out.printf(
                    "faults, JDK %d, %s: %d methods broken, %d of them told of, %d wrong%n",
                    Jdks.releaseOf(jdk), mode, sites.size(), told, wrong.size());
            assertThat(wrong).isEmpty();
            assertThat(told).isGreaterThan(8);
        }
    }

    /** What went wrong, and which of the broken places were told of. */
    private record Survey(List<String> wrong, Set<String> told) {}

    private static Survey survey(Supplier<Jvm> start, List<String> calls, List<String> alone, List<String> sites) {
        List<String> wrong = new ArrayList<>();
        Set<String> told = new TreeSet<>();
        try (Program program = new Program(start, calls)) {
            List<String> sound = program.sound();
            assertThat(program.errors()).noneMatch(line -> line.contains("resilience: fault"));
            for (String site : sites) {
                program.breakAt(site);
                strangeEachTime(program, calls, sound, alone).forEach(what -> wrong.add(site + ": " + what));
                List<String> lines = program.errors();
                if (lines.stream().distinct().count() != lines.size()) {
                    wrong.add(site + ": told more than once: " + lines);
                }
                if (lines.stream().anyMatch(line -> line.contains(site))) {
                    told.add(site);
                }
                program.breakAt("none");
                if (program.hangs()) {
                    program.restart();
                }
            }
            strangeEachTime(program, calls, sound, alone)
                    .forEach(what -> wrong.add("nothing broken any more: " + what));
        }
        return new Survey(wrong, told);
    }

    /** On a busy machine a deadline may be met or missed once; what a fault does, it does each time. */
    private static List<String> strangeEachTime(
            Program program, List<String> calls, List<String> sound, List<String> alone) {
        List<String> strange = strange(program, calls, sound, alone);
        for (int again = 0; again < 2 && !strange.isEmpty() && !program.hangs(); again++) {
            strange = strange(program, calls, sound, alone);
        }
        return strange;
    }

    private static List<String> strange(Program program, List<String> calls, List<String> sound, List<String> alone) {
        List<String> strange = new ArrayList<>();
        List<String> endings = program.endings();
        for (int i = 0; i < calls.size(); i++) {
            String ending = endings.get(i);
            // what was cut ends in failure, be its fallback or its exception broken
            boolean cut = calls.get(i).contains(LATE);
            if (!ending.equals(sound.get(i))
                    && !ending.equals(alone.get(i))
                    && !(cut && CUT.matcher(ending).find())) {
                strange.add(calls.get(i) + " " + ending);
            }
        }
        return strange;
    }

    private static List<String> every(int step, int first, List<String> all) {
        return IntStream.range(0, all.size())
                .filter(i -> i % step == first)
                .mapToObj(all::get)
                .toList();
    }

    private static List<String> calls(RawHttpServer http, EchoFixture grpc, boolean withLateOnes) {
        List<String> calls = new ArrayList<>(List.of(
                "http " + http.url("/status/200"),
                "http " + http.url("/status/503"),
                "http-async " + http.url("/status/200"),
                "http-async " + http.url("/missing"),
                "http-async " + http.url("/status/503"),
                "http http://127.0.0.1:1/refused",
                "grpc " + grpc.target() + " hello",
                "grpc " + grpc.target() + " fail UNAVAILABLE",
                "grpc-async " + grpc.target() + " fail NOT_FOUND",
                "grpc-list " + grpc.target() + " a,b",
                "sql " + Postgres.url() + " select 1",
                "sql " + Postgres.url() + " select * from nowhere",
                "direct " + Postgres.url() + " select 1",
                "rows " + Postgres.url() + " select 1 as id, 'a' as name",
                "rows " + Postgres.url() + " select 6 / n as q from divisors"));
        if (withLateOnes) {
            calls.addAll(List.of(
                    "http " + http.url("/slow/" + LATE),
                    "http-async " + http.url("/slow/" + LATE),
                    "http " + http.url("/pause/" + LATE),
                    "http-stream " + http.url("/pause/" + LATE),
                    "grpc-list " + grpc.target() + " a,slow " + LATE + ",b",
                    "grpc-future " + grpc.target() + " slow " + LATE,
                    "sql " + Postgres.url().replace("/postgres?", "/template1?") + " select pg_sleep(0." + LATE + ")"));
        }
        return calls;
    }

    /** The program of the calls. */
    private static final class Program implements AutoCloseable {
        private static final String HANGS = "hangs";

        private final Supplier<Jvm> start;
        private final List<String> calls;
        private Jvm jvm;
        private int toldBefore;
        private boolean hangs;

        Program(Supplier<Jvm> start, List<String> calls) {
            this.start = start;
            this.calls = calls;
            this.jvm = start.get();
        }

        /** How each call ends once classes, pools and channels are warm. */
        List<String> sound() {
            endings();
            endings();
            return endings();
        }

        /** How each call ends, all made at once. */
        List<String> endings() {
            List<String> ids = calls.stream().map(jvm::begin).toList();
            return ids.stream().map(this::ending).toList();
        }

        /** Without what differs from call to call: times, numbers of decisions, bytes. */
        private String ending(String id) {
            String answer = jvm.answerWithin(PATIENCE, id);
            hangs |= answer == null;
            return answer == null
                    ? HANGS
                    : answer.replaceFirst("^(ok|failed) \\d+ ", "$1 ")
                            .replaceAll(
                                    "decision [0-9a-f]{16}(, (after|trace|waited|followed)[^,<\\[]*)*", "decision N")
                            .replaceAll("\\[buffered_nanos.*?]", "[...]");
        }

        boolean hangs() {
            return hangs;
        }

        void breakAt(String site) {
            toldBefore = jvm.errors().size();
            jvm.call("set breakage " + site);
        }

        /** What was said on stderr since the last breakage. */
        List<String> errors() {
            List<String> all = List.copyOf(jvm.errors());
            return all.subList(toldBefore, all.size());
        }

        void restart() {
            jvm.close();
            jvm = start.get();
            hangs = false;
            sound();
        }

        @Override
        public void close() {
            jvm.close();
        }
    }

    /**
     * Every method of the client modules, as {@code Class.method}, but those a library, the JDK or the application calls
     * by a type of its own: what such a method throws at its start nobody of ours can catch. So they hold no more than
     * caught calls of methods that are broken here, and what is to be passed on.
     */
    private static Set<String> sites() {
        Path rooms = Path.of(System.getProperty("resilience.instrumentation"));
        try (Stream<Path> files = Files.walk(rooms)) {
            Map<String, ClassReader> ours = files.filter(
                            file -> file.toString().matches(".*/target/classes/.*\\.class"))
                    .filter(file -> !file.toString().matches(".*/(api|testkit)/target/.*"))
                    .map(FaultsIT::read)
                    .collect(Collectors.toMap(ClassReader::getClassName, reader -> reader));
            Set<String> sites = new TreeSet<>();
            ours.forEach((name, reader) -> {
                Set<String> calledFromOutside = new TreeSet<>();
                addForeignMethods(reader, calledFromOutside, ours);
                methodsOf(reader).stream()
                        .filter(method -> !calledFromOutside.contains(method))
                        .forEach(method -> sites.add(name.substring(name.lastIndexOf('/') + 1) + "." + method));
            });
            return sites;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void addForeignMethods(ClassReader type, Set<String> names, Map<String, ClassReader> ours) {
        Stream.concat(Stream.of(type.getSuperName()), Stream.of(type.getInterfaces()))
                .filter(above -> above != null && !above.equals("java/lang/Object"))
                .forEach(above -> {
                    ClassReader own = ours.get(above);
                    if (own != null) {
                        addForeignMethods(own, names, ours);
                    } else if (!above.startsWith("dev/resilience/")) {
                        ClassReader foreign = foreign(above);
                        names.addAll(methodsOf(foreign));
                        addForeignMethods(foreign, names, ours);
                    }
                });
    }

    private static ClassReader foreign(String name) {
        try (InputStream ofJdk = ClassLoader.getSystemResourceAsStream(name + ".class")) {
            return ofJdk != null ? new ClassReader(ofJdk) : new ClassReader(Jvm.classFile("newest", name + ".class"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static ClassReader read(Path file) {
        try {
            return new ClassReader(Files.readAllBytes(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Set<String> methodsOf(ClassReader type) {
        Set<String> methods = new TreeSet<>();
        type.accept(
                new ClassVisitor(Opcodes.ASM9) {
                    @Override
                    public @Nullable MethodVisitor visitMethod(
                            int access,
                            String name,
                            String descriptor,
                            @Nullable String signature,
                            String @Nullable [] exceptions) {
                        boolean empty = (access & Opcodes.ACC_ABSTRACT) != 0 && isOurs(type);
                        if (!name.startsWith("<") && !empty) {
                            methods.add(name);
                        }
                        return null;
                    }
                },
                ClassReader.SKIP_CODE);
        return methods;
    }

    private static boolean isOurs(ClassReader type) {
        return type.getClassName().startsWith("dev/resilience/");
    }
}
