package dev.resilience.agent.weaving;

import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.instrument.Instrumentation;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.security.ProtectionDomain;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import net.bytebuddy.jar.asm.ClassReader;
import net.bytebuddy.jar.asm.ClassWriter;
import net.bytebuddy.jar.asm.commons.ClassRemapper;
import net.bytebuddy.jar.asm.commons.SimpleRemapper;
import org.jspecify.annotations.Nullable;

/** Puts the dispatch class into the boot loader. */
final class BootDispatch {
    private static final String NAME = "java/lang/ResilienceDispatch";
    private static final String APPENDED = "dev/resilience/boot/ResilienceDispatch";

    private final Instrumentation instrumentation;
    private final Consumer<String> warnings;

    BootDispatch(Instrumentation instrumentation, Consumer<String> warnings) {
        this.instrumentation = instrumentation;
        this.warnings = warnings;
    }

    /** Defines it in {@code java.lang}; where the JVM forbids that, appends it to the boot class path instead. */
    Class<?> define(byte[] classFile) throws IOException, ReflectiveOperationException {
        try {
            return inject(classFile);
        } catch (Throwable refused) {
            warnings.accept(
                    "appending to the boot class path, as defining " + NAME.replace('/', '.') + " failed: " + refused);
            return append(classFile);
        }
    }

    private Class<?> inject(byte[] classFile) throws Throwable {
        Class<?> known = find(NAME);
        if (known != null) {
            return known;
        }
        Module base = Object.class.getModule();
        instrumentation.redefineModule(
                base,
                Set.of(),
                Map.of("jdk.internal.misc", Set.of(BootDispatch.class.getModule())),
                Map.of(),
                Set.of(),
                Map.of());
        Class<?> unsafe = Class.forName("jdk.internal.misc.Unsafe");
        MethodHandles.Lookup lookup = MethodHandles.lookup();
        Object instance = lookup.findStatic(unsafe, "getUnsafe", MethodType.methodType(unsafe))
                .invoke();
        MethodHandle defineClass = lookup.findVirtual(
                unsafe,
                "defineClass",
                MethodType.methodType(
                        Class.class,
                        String.class,
                        byte[].class,
                        int.class,
                        int.class,
                        ClassLoader.class,
                        ProtectionDomain.class));
        return (Class<?>) defineClass.invokeWithArguments(instance, NAME, classFile, 0, classFile.length, null, null);
    }

    private Class<?> append(byte[] classFile) throws IOException, ReflectiveOperationException {
        Class<?> known = find(APPENDED);
        if (known != null) {
            return known;
        }
        ClassWriter renamed = new ClassWriter(0);
        new ClassReader(classFile)
                .accept(
                        new ClassRemapper(
                                renamed, new SimpleRemapper(net.bytebuddy.jar.asm.Opcodes.ASM9, NAME, APPENDED)),
                        0);
        File jar = File.createTempFile("resilience-boot", ".jar");
        jar.deleteOnExit();
        try (OutputStream file = new FileOutputStream(jar);
                JarOutputStream entries = new JarOutputStream(file)) {
            entries.putNextEntry(new JarEntry(APPENDED + ".class"));
            entries.write(renamed.toByteArray());
            entries.closeEntry();
        }
        instrumentation.appendToBootstrapClassLoaderSearch(new JarFile(jar));
        return Class.forName(APPENDED.replace('/', '.'), true, null);
    }

    private static @Nullable Class<?> find(String internalName) {
        try {
            return Class.forName(internalName.replace('/', '.'), true, null);
        } catch (ClassNotFoundException absent) {
            return null;
        }
    }

    /** The class file of the dispatch class, from the first place that has it. */
    static byte[] classFile(ClassLoader agent) throws IOException {
        for (String place : List.of("boot/ResilienceDispatch.bin", NAME + ".class")) {
            try (InputStream file = agent.getResourceAsStream(place)) {
                if (file != null) {
                    return file.readAllBytes();
                }
            }
        }
        throw new IOException("the agent holds no dispatch class");
    }
}
