package dev.resilience.assembly;

import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.Handle;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.Type;
import org.objectweb.asm.commons.ClassRemapper;
import org.objectweb.asm.commons.Remapper;

/** What some classes refer to outside the JDK and the agent: types, and members by name and descriptor. */
final class References {
    private final SortedSet<String> lines = new TreeSet<>();
    private final List<String> optional;

    /** Leaves out the packages that need not be there, given as prefixes of binary names. */
    References(List<String> optionalPackages) {
        this.optional =
                optionalPackages.stream().map(name -> name.replace('.', '/')).toList();
    }

    SortedSet<String> lines() {
        return lines;
    }

    void collect(byte[] classFile) {
        ClassReader reader = new ClassReader(classFile);
        if (isOptional(reader)) {
            return;
        }
        reader.accept(new ClassRemapper(new Nothing(), new TypeCollector()), ClassReader.SKIP_DEBUG);
        reader.accept(new MemberCollector(), ClassReader.SKIP_DEBUG);
    }

    /** A class that extends or implements an optional type is itself only loaded when that is there. */
    private boolean isOptional(ClassReader reader) {
        return reader.getSuperName() != null && matchesOptional(reader.getSuperName());
    }

    private boolean matchesOptional(String owner) {
        return optional.stream().anyMatch(owner::startsWith);
    }

    private boolean counts(String owner) {
        return !owner.startsWith("java/")
                && !owner.startsWith("javax/")
                && !owner.startsWith("dev/resilience/")
                && !owner.startsWith("net/bytebuddy/")
                && !owner.startsWith("org/jspecify/")
                && !matchesOptional(owner);
    }

    private void member(String owner, String name, String descriptor) {
        String declaring =
                owner.startsWith("[") ? Type.getType(owner).getElementType().getInternalName() : owner;
        if (!owner.startsWith("[") && counts(declaring) && !isOfObject(name, descriptor)) {
            lines.add(declaring + " " + name + " " + descriptor);
        }
    }

    private static boolean isOfObject(String name, String descriptor) {
        return (name + descriptor).equals("toString()Ljava/lang/String;")
                || (name + descriptor).equals("hashCode()I")
                || (name + descriptor).equals("equals(Ljava/lang/Object;)Z")
                || (name + descriptor).equals("getClass()Ljava/lang/Class;");
    }

    private final class TypeCollector extends Remapper {
        TypeCollector() {
            super(Opcodes.ASM9);
        }

        @Override
        public String map(String internalName) {
            if (counts(internalName)) {
                lines.add(internalName);
            }
            return internalName;
        }
    }

    private static final class Nothing extends ClassVisitor {
        Nothing() {
            super(Opcodes.ASM9);
        }

        @Override
        public MethodVisitor visitMethod(
                int access,
                String name,
                String descriptor,
                @Nullable String signature,
                String @Nullable [] exceptions) {
            return new MethodVisitor(Opcodes.ASM9) {};
        }
    }

    private final class MemberCollector extends ClassVisitor {
        MemberCollector() {
            super(Opcodes.ASM9);
        }

        @Override
        public MethodVisitor visitMethod(
                int access,
                String method,
                String methodDescriptor,
                @Nullable String signature,
                String @Nullable [] exceptions) {
            return new MethodVisitor(Opcodes.ASM9) {
                @Override
                public void visitFieldInsn(int opcode, String owner, String name, String descriptor) {
                    member(owner, name, descriptor);
                }

                @Override
                public void visitMethodInsn(
                        int opcode, String owner, String name, String descriptor, boolean isInterface) {
                    member(owner, name, descriptor);
                }

                @Override
                public void visitInvokeDynamicInsn(
                        String name, String descriptor, Handle bootstrap, Object... arguments) {
                    for (Object argument : arguments) {
                        if (argument instanceof Handle handle) {
                            member(handle.getOwner(), handle.getName(), handle.getDesc());
                        }
                    }
                }
            };
        }
    }
}
