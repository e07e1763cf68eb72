package dev.resilience.faults;

import java.lang.instrument.ClassFileTransformer;
import java.lang.instrument.Instrumentation;
import java.security.ProtectionDomain;
import org.jspecify.annotations.Nullable;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.Label;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/**
 * Makes every method of the resilience agent's advice and adapters throw an {@code AssertionError} at its start while
 * the system property {@code breakage} holds {@code SimpleClassName.method}.
 */
public final class Breakage implements ClassFileTransformer {
    private static final String ADAPTERS = "dev/resilience/instrumentation/";
    private static final String API = ADAPTERS + "api/";

    /** Entered before the application's main. */
    public static void premain(@Nullable String arguments, Instrumentation instrumentation) {
        instrumentation.addTransformer(new Breakage());
    }

    @Override
    public byte @Nullable [] transform(
            @Nullable ClassLoader loader,
            @Nullable String name,
            @Nullable Class<?> redefined,
            @Nullable ProtectionDomain domain,
            byte[] classFile) {
        if (name == null || !name.startsWith(ADAPTERS) || name.startsWith(API)) {
            return null;
        }
        String simpleName = name.substring(name.lastIndexOf('/') + 1);
        ClassReader reader = new ClassReader(classFile);
        ClassWriter writer = new ClassWriter(reader, ClassWriter.COMPUTE_MAXS);
        reader.accept(
                new ClassVisitor(Opcodes.ASM9, writer) {
                    @Override
                    public MethodVisitor visitMethod(
                            int access,
                            String method,
                            String descriptor,
                            @Nullable String signature,
                            String @Nullable [] exceptions) {
                        MethodVisitor target = super.visitMethod(access, method, descriptor, signature, exceptions);
                        return method.startsWith("<") || (access & Opcodes.ACC_ABSTRACT) != 0
                                ? target
                                : new Breaker(target, simpleName + "." + method);
                    }
                },
                0);
        return writer.toByteArray();
    }

    private static final class Breaker extends MethodVisitor {
        private final String site;

        Breaker(MethodVisitor target, String site) {
            super(Opcodes.ASM9, target);
            this.site = site;
        }

        @Override
        public void visitCode() {
            super.visitCode();
            Label sound = new Label();
            visitLdcInsn(site);
            visitLdcInsn("breakage");
            visitMethodInsn(
                    Opcodes.INVOKESTATIC,
                    "java/lang/System",
                    "getProperty",
                    "(Ljava/lang/String;)Ljava/lang/String;",
                    false);
            visitMethodInsn(Opcodes.INVOKEVIRTUAL, "java/lang/String", "equals", "(Ljava/lang/Object;)Z", false);
            visitJumpInsn(Opcodes.IFEQ, sound);
            visitTypeInsn(Opcodes.NEW, "java/lang/AssertionError");
            visitInsn(Opcodes.DUP);
            visitLdcInsn("broken on purpose: " + site);
            visitMethodInsn(
                    Opcodes.INVOKESPECIAL, "java/lang/AssertionError", "<init>", "(Ljava/lang/Object;)V", false);
            visitInsn(Opcodes.ATHROW);
            visitLabel(sound);
            visitFrame(Opcodes.F_SAME, 0, null, 0, null);
            // keeps this frame apart from one the method may begin with
            visitInsn(Opcodes.NOP);
        }
    }
}
