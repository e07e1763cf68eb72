package dev.resilience.faults;

import java.lang.instrument.ClassFileTransformer;
import java.lang.instrument.Instrumentation;
import java.lang.instrument.UnmodifiableClassException;
import java.security.ProtectionDomain;
import org.jspecify.annotations.Nullable;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.Label;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/** An agent that lets nobody define the dispatch class in {@code java.lang}, as a JDK to come may. */
public final class NoInjection implements ClassFileTransformer {
    private static final String UNSAFE = "jdk/internal/misc/Unsafe";

    /** Entered before the application's main. */
    public static void premain(@Nullable String arguments, Instrumentation instrumentation)
            throws ClassNotFoundException, UnmodifiableClassException {
        instrumentation.addTransformer(new NoInjection(), true);
        instrumentation.retransformClasses(Class.forName(UNSAFE.replace('/', '.')));
    }

    @Override
    public byte @Nullable [] transform(
            @Nullable ClassLoader loader,
            @Nullable String name,
            @Nullable Class<?> redefined,
            @Nullable ProtectionDomain domain,
            byte[] classFile) {
        if (!UNSAFE.equals(name)) {
            return null;
        }
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
                        return method.equals("defineClass") ? new Refusal(target) : target;
                    }
                },
                0);
        return writer.toByteArray();
    }

    private static final class Refusal extends MethodVisitor {
        Refusal(MethodVisitor target) {
            super(Opcodes.ASM9, target);
        }

        @Override
        public void visitCode() {
            super.visitCode();
            Label other = new Label();
            visitLdcInsn("java/lang/ResilienceDispatch");
            visitVarInsn(Opcodes.ALOAD, 1);
            visitMethodInsn(Opcodes.INVOKEVIRTUAL, "java/lang/String", "equals", "(Ljava/lang/Object;)Z", false);
            visitJumpInsn(Opcodes.IFEQ, other);
            visitTypeInsn(Opcodes.NEW, "java/lang/SecurityException");
            visitInsn(Opcodes.DUP);
            visitLdcInsn("not in java.lang");
            visitMethodInsn(
                    Opcodes.INVOKESPECIAL, "java/lang/SecurityException", "<init>", "(Ljava/lang/String;)V", false);
            visitInsn(Opcodes.ATHROW);
            visitLabel(other);
            visitFrame(Opcodes.F_SAME, 0, null, 0, null);
            // keeps this frame apart from one the method may begin with
            visitInsn(Opcodes.NOP);
        }
    }
}
