package dev.resilience.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/** Libraries the agent does not understand are left alone, each with one warning; beside them others are guarded. */
@Tag("unhurried")
class VersionIT {
    private static final String[] POLICY = {
        "mode=enforce", "defaults.breaker.strategy=consecutive", "defaults.breaker.open-for=60s",
    };
    private static final String REAL_CHANNEL = "io/grpc/internal/ManagedChannelImpl$RealChannel";
    private static final String REAL_CHANNELS_PARENT = "io/grpc/internal/ManagedChannelImpl$AnyChannel";
    private static final String NEW_CALL = "(Lio/grpc/MethodDescriptor;Lio/grpc/CallOptions;)Lio/grpc/ClientCall;";

    @TempDir
    private Path directory;

    static Stream<Path> jdks() {
        return Jdks.all().stream();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void aVersionBelowTheFloorIsLeftAloneWithOneWarning(Path jdk) {
        try (EchoFixture server = new EchoFixture();
                Jvm program = Jvm.with(jdk).libraries("below").agent(POLICY).caller()) {
            assertUnguarded(program, server);
            assertThat(toldBy(program))
                    .hasSize(1)
                    .first()
                    .asString()
                    .startsWith(
                            "resilience: gRPC (io.grpc:grpc-core) is not guarded: grpc-core-1.12.0.jar lacks io.grpc.");
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void aVersionWithoutTheMethodIsLeftAloneWithOneWarning(Path jdk) throws IOException {
        for (String libraries : List.of("newest", "floor")) {
            Path changed = directory.resolve(libraries);
            moveNewCallToAParent(libraries, changed);
            try (EchoFixture server = new EchoFixture();
                    Jvm program = Jvm.with(jdk)
                            .libraries(libraries)
                            .firstOnClassPath(changed)
                            .agent(POLICY)
                            .caller()) {
                assertUnguarded(program, server);
                assertThat(toldBy(program))
                        .containsExactly("resilience: gRPC (io.grpc:grpc-core) is not guarded: " + changed + "/"
                                + REAL_CHANNEL + ".class has not the methods of " + REAL_CHANNEL.replace('/', '.')
                                + " that this agent knows");
            }
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void aLibraryThatDoesNotLinkAfterAllIsLeftAloneFromThenOn(Path jdk) {
        try (EchoFixture server = new EchoFixture();
                Jvm program = Jvm.with(jdk).agent(POLICY).container()) {
            load(program, "broken", "newest", " io.grpc.ForwardingClientCallListener");
            load(program, "sound", "newest", "");
            for (int i = 0; i < 20; i++) {
                assertThat(program.call("call broken grpc " + server.target() + " fail UNAVAILABLE"))
                        .contains("UNAVAILABLE: as told");
            }
            assertThat(server.echo().calls()).isEqualTo(20);
            assertThat(toldBy(program))
                    .hasSize(2)
                    .anyMatch(line -> line.matches("resilience: fault at .*NewCallAdvice.*NoClassDefFoundError.*"))
                    .anyMatch(
                            line -> line.matches(
                                    "resilience: gRPC \\(io.grpc:grpc-core\\) is no longer guarded in .*: .*NoClassDefFoundError.*"));

            assertGuarded(program, "sound", server);
            assertThat(program.call("call broken grpc " + server.target() + " hello"))
                    .isEqualTo("ok hello");
            assertThat(toldBy(program)).hasSize(2);
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void twoVersionsInOneJvmAreBothGuarded(Path jdk) {
        try (EchoFixture older = new EchoFixture();
                EchoFixture newer = new EchoFixture();
                Jvm program = Jvm.with(jdk).agent(POLICY).container()) {
            load(program, "older", "floor", "");
            load(program, "newer", "newest", "");
            load(program, "oldest", "below", "");

            assertGuarded(program, "older", older);
            assertGuarded(program, "newer", newer);
            assertThat(program.call("call oldest grpc " + newer.target() + " hello"))
                    .isEqualTo("ok hello");
            Awaitility.await().until(() -> !toldBy(program).isEmpty());
            assertThat(toldBy(program)).hasSize(1).allMatch(line -> line.contains("grpc-core-1.12.0.jar"));
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void aDroppedClassLoaderIsCollected(Path jdk) {
        for (String call : List.of("local hello", "h2 select 'hello'")) {
            assertThat(dropped(Jvm.with(jdk), call)).as("bare, %s", call).isEqualTo("ok collected");
            assertThat(dropped(Jvm.with(jdk).agent(POLICY), call)).as(call).isEqualTo("ok collected");
            assertThat(dropped(Jvm.with(jdk).agent(), call))
                    .as("observed, %s", call)
                    .isEqualTo("ok collected");
        }
    }

    /** What is only held softly counts as let go: the JDK caches method types so. */
    private static String dropped(Jvm.Setup setup, String call) {
        try (Jvm program = setup.option("-XX:SoftRefLRUPolicyMSPerMB=0").container()) {
            load(program, "guest", "newest", "");
            for (int i = 0; i < 20; i++) {
                assertThat(program.call("call guest " + call)).isEqualTo("ok hello");
            }
            String answer = program.call("drop guest");
            assertThat(toldBy(program)).isEmpty();
            return answer;
        }
    }

    private static void load(Jvm program, String name, String libraries, String hidden) {
        assertThat(program.call("load " + name + " " + System.getProperty("resilience.apps") + ":"
                        + Jvm.classPathOf(libraries) + hidden))
                .isEqualTo("ok loaded");
    }

    private static void assertGuarded(Jvm program, String guest, EchoFixture server) {
        int before = server.echo().calls();
        String call = "call " + guest + " grpc " + server.target() + " fail UNAVAILABLE";
        for (int i = 0; i < 5; i++) {
            assertThat(program.call(call)).contains("UNAVAILABLE: as told");
        }
        assertThat(program.call(call)).contains("circuit_open (102)");
        assertThat(server.echo().calls() - before).isEqualTo(5);
    }

    private static void assertUnguarded(Jvm program, EchoFixture server) {
        assertThat(program.call("grpc " + server.target() + " hello")).matches("ok \\d+ hello");
        for (String kind : List.of("grpc", "grpc-future", "grpc-async")) {
            for (int i = 0; i < 20; i++) {
                assertThat(program.call(kind + " " + server.target() + " fail UNAVAILABLE"))
                        .contains("UNAVAILABLE: as told");
            }
        }
        assertThat(server.echo().calls()).isEqualTo(61);
    }

    /** What the agent printed; an old Netty prints warnings of its own. */
    private static List<String> toldBy(Jvm program) {
        return program.errors().stream()
                .filter(line -> line.startsWith("resilience"))
                .toList();
    }

    /** As if the library had been tidied up: the method is inherited now, and only calls another one. */
    private static void moveNewCallToAParent(String libraries, Path directory) throws IOException {
        byte[] original = Jvm.classFile(libraries, REAL_CHANNEL + ".class");
        ClassReader reader = new ClassReader(original);
        ClassWriter child = new ClassWriter(0);
        reader.accept(
                new ClassVisitor(Opcodes.ASM9, child) {
                    @Override
                    public void visit(
                            int version,
                            int access,
                            String name,
                            String signature,
                            String superName,
                            String[] interfaces) {
                        super.visit(version, access, name, null, REAL_CHANNELS_PARENT, interfaces);
                    }

                    @Override
                    public MethodVisitor visitMethod(
                            int access, String name, String descriptor, String signature, String[] exceptions) {
                        boolean moved = name.equals("newCall") && descriptor.equals(NEW_CALL);
                        return new MethodVisitor(
                                Opcodes.ASM9,
                                super.visitMethod(access, moved ? "begin" : name, descriptor, null, exceptions)) {
                            @Override
                            public void visitMethodInsn(
                                    int opcode, String owner, String called, String of, boolean isInterface) {
                                boolean toParent = opcode == Opcodes.INVOKESPECIAL && owner.equals("io/grpc/Channel");
                                super.visitMethodInsn(
                                        opcode, toParent ? REAL_CHANNELS_PARENT : owner, called, of, isInterface);
                            }
                        };
                    }
                },
                0);
        write(directory, REAL_CHANNEL, child.toByteArray());

        ClassWriter parent = new ClassWriter(ClassWriter.COMPUTE_MAXS);
        parent.visit(
                Opcodes.V1_8,
                Opcodes.ACC_ABSTRACT | Opcodes.ACC_SUPER,
                REAL_CHANNELS_PARENT,
                null,
                "io/grpc/Channel",
                null);
        MethodVisitor constructor = parent.visitMethod(0, "<init>", "()V", null, null);
        constructor.visitCode();
        constructor.visitVarInsn(Opcodes.ALOAD, 0);
        constructor.visitMethodInsn(Opcodes.INVOKESPECIAL, "io/grpc/Channel", "<init>", "()V", false);
        constructor.visitInsn(Opcodes.RETURN);
        constructor.visitMaxs(0, 0);
        constructor.visitEnd();
        MethodVisitor newCall = parent.visitMethod(Opcodes.ACC_PUBLIC, "newCall", NEW_CALL, null, null);
        newCall.visitCode();
        for (int argument = 0; argument < 3; argument++) {
            newCall.visitVarInsn(Opcodes.ALOAD, argument);
        }
        newCall.visitMethodInsn(Opcodes.INVOKEVIRTUAL, REAL_CHANNELS_PARENT, "begin", NEW_CALL, false);
        newCall.visitInsn(Opcodes.ARETURN);
        newCall.visitMaxs(0, 0);
        newCall.visitEnd();
        parent.visitMethod(Opcodes.ACC_PUBLIC | Opcodes.ACC_ABSTRACT, "begin", NEW_CALL, null, null)
                .visitEnd();
        parent.visitEnd();
        write(directory, REAL_CHANNELS_PARENT, parent.toByteArray());
    }

    private static void write(Path directory, String name, byte[] classFile) {
        try {
            Path file = directory.resolve(name + ".class");
            Files.createDirectories(file.getParent());
            Files.write(file, classFile);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
