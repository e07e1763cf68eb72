package dev.resilience.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.resilience.instrumentation.api.Call;
import dev.resilience.instrumentation.api.Ending;
import dev.resilience.instrumentation.api.Fallback;
import dev.resilience.instrumentation.api.Faults;
import dev.resilience.instrumentation.api.Guard;
import dev.resilience.instrumentation.api.Guards;
import dev.resilience.instrumentation.api.JoinPoint;
import dev.resilience.instrumentation.api.Refusal;
import dev.resilience.testkit.sample.SampleAdvice;
import dev.resilience.testkit.sample.SampleClient;
import dev.resilience.testkit.sample.SampleModule;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import net.bytebuddy.jar.asm.ClassReader;
import net.bytebuddy.jar.asm.ClassVisitor;
import net.bytebuddy.jar.asm.ClassWriter;
import net.bytebuddy.jar.asm.Opcodes;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WeavingTest {
    private final List<Throwable> faults = new CopyOnWriteArrayList<>();
    private final Guards guards = new NoGuards((site, fault) -> faults.add(fault));

    @BeforeEach
    @AfterEach
    void adviceDoesNothing() {
        SampleAdvice.onEnter = (self, arguments) -> null;
        SampleAdvice.onExit = (entered, returned, thrown) -> null;
    }

    @ParameterizedTest(name = "class file version {0}")
    @ValueSource(ints = {Opcodes.V1_5, Opcodes.V1_6, Opcodes.V17})
    void leavesResultsAndExceptionsAloneWhenAdviceDoesNothing(int version) throws Exception {
        try (Woven woven = weave(allMethods())) {
            Client client = new Client(version);
            assertThat(client.text("a")).isEqualTo("text of a");
            assertThat(client.number(1)).isEqualTo(2);
            assertThat(client.wide(1L)).isEqualTo(2L);
            assertThat(client.flag(true)).isEqualTo(false);
            assertThat(client.nothing()).isEqualTo("ran");
            assertThatThrownBy(() -> client.text("broken")).isInstanceOf(IOException.class);
            assertThat(faults).isEmpty();
            assertThat(woven.warnings()).isEmpty();
        }
    }

    @ParameterizedTest(name = "class file version {0}")
    @ValueSource(ints = {Opcodes.V1_5, Opcodes.V1_6, Opcodes.V17})
    void skipsTheMethodAndThrowsOrAnswersInstead(int version) throws Exception {
        List<@Nullable Object> seen = new ArrayList<>();
        SampleAdvice.onEnter = (self, arguments) -> new IOException("refused " + arguments[0]);
        try (Woven ignored = weave(allMethods())) {
            Client client = new Client(version);

            SampleAdvice.onExit = (entered, returned, thrown) -> {
                seen.add(entered);
                return new Object[] {returned, entered};
            };
            assertThatThrownBy(() -> client.text("a")).hasMessage("refused a");
            assertThatThrownBy(() -> client.number(7)).hasMessage("refused 7");
            assertThatThrownBy(client::nothing).hasMessageStartingWith("refused");
            assertThat(seen).hasSize(3);

            SampleAdvice.onExit = (entered, returned, thrown) -> new Object[] {"instead", null};
            assertThat(client.text("a")).isEqualTo("instead");
            SampleAdvice.onExit = (entered, returned, thrown) -> new Object[] {42, null};
            assertThat(client.number(7)).isEqualTo(42);
            assertThat(faults).isEmpty();
        }
    }

    @ParameterizedTest(name = "class file version {0}")
    @ValueSource(ints = {Opcodes.V1_5, Opcodes.V1_6, Opcodes.V17})
    void anArgumentIsChangedWhereTheClassFileCanSaySo(int version) throws Exception {
        try (Woven ignored = weave(List.of(JoinPoint.Method.named("text", SampleModule.ARGUMENT_ADVICE)))) {
            Client client = new Client(version);
            assertThat(client.text("a")).isEqualTo(version == Opcodes.V17 ? "text of A" : "text of a");
            assertThatThrownBy(() -> client.text("refused"))
                    .isInstanceOf(IOException.class)
                    .hasMessage("refused");
            assertThat(faults).isEmpty();
        }
    }

    @ParameterizedTest(name = "class file version {0}")
    @ValueSource(ints = {Opcodes.V1_5, Opcodes.V1_6, Opcodes.V17})
    void adviceMayTakeArgumentsOneByOne(int version) throws Exception {
        try (Woven ignored = weave(List.of(JoinPoint.Method.named("both", SampleModule.TYPED_ADVICE)))) {
            Client client = new Client(version);
            assertThatThrownBy(() -> client.both(3, 4L))
                    .isInstanceOf(IOException.class)
                    .hasMessage("3 4");
            assertThat(faults).isEmpty();
        }
    }

    @ParameterizedTest(name = "class file version {0}")
    @ValueSource(ints = {Opcodes.V1_6, Opcodes.V17})
    void replacesAnExceptionByAnotherOrByAnAnswer(int version) throws Exception {
        try (Woven ignored = weave(allMethods())) {
            Client client = new Client(version);
            SampleAdvice.onExit = (entered, returned, thrown) ->
                    thrown == null ? null : new Object[] {returned, new IOException("late", thrown)};
            assertThatThrownBy(() -> client.text("broken")).hasMessage("late").hasRootCauseMessage("broken");
            assertThat(client.text("a")).isEqualTo("text of a");
        }
    }

    @ParameterizedTest(name = "class file version {0}")
    @ValueSource(ints = {Opcodes.V1_6, Opcodes.V17})
    void aFaultOfOursIsReportedAndTheCallGoesOn(int version) throws Exception {
        try (Woven ignored = weave(allMethods())) {
            Client client = new Client(version);
            SampleAdvice.onEnter = (self, arguments) -> {
                throw new IllegalStateException("ours");
            };
            SampleAdvice.onExit = (entered, returned, thrown) -> {
                throw new AssertionError("ours too");
            };
            assertThat(client.text("a")).isEqualTo("text of a");
            assertThatThrownBy(() -> client.text("broken")).hasMessage("broken");
            assertThat(faults).hasSize(4);
        }
    }

    @Test
    void anExitThatFailsGivesUpTheCallThatItsEntryBegan() throws Exception {
        try (Woven ignored = weave(allMethods())) {
            Client client = new Client(Opcodes.V17);
            List<Ending> settled = new ArrayList<>();
            SampleAdvice.onEnter = (self, arguments) -> begun(settled);
            SampleAdvice.onExit = (entered, returned, thrown) -> {
                throw new AssertionError("ours");
            };
            assertThat(client.text("a")).isEqualTo("text of a");
            assertThat(settled).containsExactly(Ending.CANCELLED);

            SampleAdvice.onEnter = (self, arguments) -> new Object[] {null, begun(settled)};
            assertThat(client.text("a")).isEqualTo("text of a");
            assertThat(settled).hasSize(2);
        }
    }

    private Call begun(List<Ending> settled) {
        Call call = new Call() {
            @Override
            public void cancel(Refusal refusal) {}
        };
        call.guard(new Guard() {
            @Override
            public boolean enforces() {
                return false;
            }

            @Override
            public long deadlineNanos() {
                return 0;
            }

            @Override
            public boolean isDeadlineAdaptive() {
                return false;
            }

            @Override
            public void answering(Call call) {}

            @Override
            public @Nullable Refusal tryAcquire(Call other) {
                return null;
            }

            @Override
            public @Nullable Fallback settle(Call other, Ending ending) {
                settled.add(ending);
                return null;
            }

            @Override
            public @Nullable Fallback settleExpired(Call other, @Nullable Throwable thrown) {
                return null;
            }
        });
        return call;
    }

    @Test
    void theFirstLinkageErrorTurnsTheModuleOff() throws Exception {
        try (Woven woven = weave(allMethods())) {
            Client client = new Client(Opcodes.V17);
            SampleAdvice.onEnter = (self, arguments) -> {
                throw new NoSuchMethodError("gone");
            };
            assertThat(client.text("a")).isEqualTo("text of a");
            assertThat(client.text("a")).isEqualTo("text of a");
            assertThat(faults).hasSize(1);
            assertThat(woven.warnings()).singleElement().asString().contains("the sample library is no longer guarded");
        }
    }

    @Test
    void aLibraryWithoutTheMethodIsLeftAloneWithOneWarning() throws Exception {
        try (Woven woven = weave(List.of(JoinPoint.Method.named("gone", SampleModule.ADVICE)))) {
            SampleAdvice.onEnter = (self, arguments) -> new IOException("not reached");
            assertThat(new Client(Opcodes.V17).text("a")).isEqualTo("text of a");
            assertThat(new Client(Opcodes.V17).text("a")).isEqualTo("text of a");
            assertThat(woven.warnings())
                    .singleElement()
                    .asString()
                    .contains("the sample library is not guarded", "SampleClient");
            assertThat(faults).isEmpty();
        }
    }

    private Woven weave(List<JoinPoint.Method> methods) {
        return Woven.with(new SampleModule(SampleClient.class.getName(), methods), guards);
    }

    private static List<JoinPoint.Method> allMethods() {
        return Stream.of("text", "number", "wide", "flag", "nothing")
                .map(name -> JoinPoint.Method.named(name, SampleModule.ADVICE))
                .toList();
    }

    /** The sample library, loaded anew, with class files of some version. */
    private static final class Client {
        private final Object client;

        Client(int version) throws Exception {
            client = new ClassLoader(WeavingTest.class.getClassLoader()) {
                Class<?> define() throws IOException {
                    byte[] file = aged(version);
                    return defineClass(SampleClient.class.getName(), file, 0, file.length);
                }
            }.define().getConstructor().newInstance();
        }

        String text(String argument) throws Exception {
            return (String) call("text", String.class, argument);
        }

        int number(int argument) throws Exception {
            return (int) call("number", int.class, argument);
        }

        long wide(long argument) throws Exception {
            return (long) call("wide", long.class, argument);
        }

        boolean flag(boolean argument) throws Exception {
            return (boolean) call("flag", boolean.class, argument);
        }

        String nothing() throws Exception {
            List<String> log = new ArrayList<>();
            call("nothing", List.class, log);
            return String.join("", log);
        }

        String both(int index, long value) throws Exception {
            try {
                return (String) client.getClass()
                        .getMethod("both", int.class, long.class)
                        .invoke(client, index, value);
            } catch (java.lang.reflect.InvocationTargetException e) {
                throw e.getCause() instanceof Exception cause ? cause : e;
            }
        }

        private Object call(String name, Class<?> type, Object argument) throws Exception {
            try {
                return client.getClass().getMethod(name, type).invoke(client, argument);
            } catch (java.lang.reflect.InvocationTargetException e) {
                throw e.getCause() instanceof Exception cause ? cause : e;
            }
        }

        private static byte[] aged(int version) throws IOException {
            try (InputStream file = SampleClient.class.getResourceAsStream("SampleClient.class")) {
                ClassWriter writer = new ClassWriter(0);
                new ClassReader(file)
                        .accept(
                                new ClassVisitor(Opcodes.ASM9, writer) {
                                    @Override
                                    public void visit(
                                            int ignored,
                                            int access,
                                            String name,
                                            @Nullable String signature,
                                            @Nullable String superName,
                                            String @Nullable [] interfaces) {
                                        super.visit(version, access, name, signature, superName, interfaces);
                                    }
                                },
                                version < Opcodes.V1_6 ? ClassReader.SKIP_FRAMES : 0);
                return writer.toByteArray();
            }
        }
    }

    private record NoGuards(Faults faults) implements Guards {
        @Override
        public int generation() {
            return 0;
        }

        @Override
        public @Nullable Guard http(String method, URI uri) {
            return null;
        }

        @Override
        public @Nullable Guard grpc(String authority, String fullMethod) {
            return null;
        }

        @Override
        public @Nullable Guard jdbc(String url, @Nullable String pool) {
            return null;
        }
    }
}
