package dev.resilience.agent.weaving;

import java.util.ArrayList;
import java.util.List;
import net.bytebuddy.jar.asm.ClassReader;
import net.bytebuddy.jar.asm.ClassVisitor;
import net.bytebuddy.jar.asm.FieldVisitor;
import net.bytebuddy.jar.asm.MethodVisitor;
import net.bytebuddy.jar.asm.Opcodes;
import org.jspecify.annotations.Nullable;

/**
 * The outline of a class file: what can be known of a class without loading it or anything it names.
 *
 * @param version the class file's major version
 * @param name the internal name
 */
record ClassShape(int version, String name, @Nullable String superName, List<String> interfaces, List<Member> members) {

    static final int FIRST_VERSION_WITH_INVOKEDYNAMIC = 51;

    /** A field or a method, as the class declares it. */
    record Member(int access, String name, String descriptor) {

        boolean hasBody() {
            return (access & (Opcodes.ACC_ABSTRACT | Opcodes.ACC_NATIVE)) == 0;
        }
    }

    static ClassShape of(byte[] classFile) {
        ClassReader reader = new ClassReader(classFile);
        List<Member> members = new ArrayList<>();
        reader.accept(
                new ClassVisitor(Opcodes.ASM9) {
                    @Override
                    public @Nullable MethodVisitor visitMethod(
                            int access,
                            String name,
                            String descriptor,
                            @Nullable String signature,
                            String @Nullable [] exceptions) {
                        members.add(new Member(access, name, descriptor));
                        return null;
                    }

                    @Override
                    public @Nullable FieldVisitor visitField(
                            int access,
                            String name,
                            String descriptor,
                            @Nullable String signature,
                            @Nullable Object value) {
                        members.add(new Member(access, name, descriptor));
                        return null;
                    }
                },
                ClassReader.SKIP_CODE | ClassReader.SKIP_DEBUG | ClassReader.SKIP_FRAMES);
        return new ClassShape(
                reader.readUnsignedShort(6),
                reader.getClassName(),
                reader.getSuperName(),
                List.of(reader.getInterfaces()),
                members);
    }

    boolean declares(String memberName, String descriptor) {
        return members.stream()
                .anyMatch(member -> member.name.equals(memberName) && member.descriptor.equals(descriptor));
    }
}
