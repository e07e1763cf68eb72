package dev.resilience.agent.weaving;

import dev.resilience.agent.weaving.Weaver.Join;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import net.bytebuddy.ByteBuddy;
import net.bytebuddy.asm.Advice;
import net.bytebuddy.asm.AsmVisitorWrapper;
import net.bytebuddy.description.method.MethodDescription;
import net.bytebuddy.description.type.TypeDescription;
import net.bytebuddy.dynamic.ClassFileLocator;
import net.bytebuddy.dynamic.VisibilityBridgeStrategy;
import net.bytebuddy.dynamic.scaffold.InstrumentedType;
import net.bytebuddy.dynamic.scaffold.MethodGraph;
import net.bytebuddy.dynamic.scaffold.TypeValidation;
import net.bytebuddy.implementation.Implementation;
import net.bytebuddy.jar.asm.ClassReader;
import net.bytebuddy.jar.asm.ClassWriter;
import net.bytebuddy.jar.asm.commons.ClassRemapper;
import net.bytebuddy.jar.asm.commons.SimpleRemapper;
import net.bytebuddy.matcher.ElementMatcher;
import net.bytebuddy.pool.TypePool;
import net.bytebuddy.utility.JavaConstant;
import org.jspecify.annotations.Nullable;

/** Writes advice into class files: an {@code invokedynamic} where the class file can hold one, else a static call. */
final class AdviceWeaving {
    private final Supplier<Class<?>> dispatch;
    private final AdviceLoaders advice;
    private final ByteBuddy byteBuddy = new ByteBuddy()
            .with(TypeValidation.DISABLED)
            .with(Implementation.Context.Disabled.Factory.INSTANCE)
            .with(MethodGraph.Compiler.ForDeclaredMethods.INSTANCE)
            .with(VisibilityBridgeStrategy.Default.NEVER)
            .with(InstrumentedType.Factory.Default.FROZEN);

    /**
     * @param dispatch the dispatch class in the boot loader, put there on first use
     * @param advice where class files of advice are found
     */
    AdviceWeaving(Supplier<Class<?>> dispatch, AdviceLoaders advice) {
        this.dispatch = dispatch;
        this.advice = advice;
    }

    byte[] apply(ClassShape shape, List<Join> joins, ClassLoader loader, byte[] classFile) {
        boolean linked = shape.version() >= ClassShape.FIRST_VERSION_WITH_INVOKEDYNAMIC;
        Map<String, List<Join>> byAdvice = new HashMap<>();
        for (Join join : joins) {
            byAdvice.computeIfAbsent(join.advice(), name -> new ArrayList<>()).add(join);
        }
        String name = shape.name().replace('/', '.');
        TypePool types = types(ClassFileLocator.Simple.of(name, classFile), loader);
        AsmVisitorWrapper.ForDeclaredMethods visitor = new AsmVisitorWrapper.ForDeclaredMethods();
        for (Map.Entry<String, List<Join>> entry : byAdvice.entrySet()) {
            Advice woven = linked ? linked(entry.getKey()) : inlined(entry.getKey());
            visitor = visitor.invokable(isOneOf(entry.getValue()), woven);
        }
        return byteBuddy
                .decorate(types.describe(name).resolve(), ClassFileLocator.Simple.of(name, classFile))
                .visit(visitor)
                .make()
                .getBytes();
    }

    /** Types of the application by name; read only when asked. */
    private static TypePool types(ClassFileLocator own, ClassLoader loader) {
        return new TypePool.Default.WithLazyResolution(
                new TypePool.CacheProvider.Simple(),
                new ClassFileLocator.Compound(own, new ApplicationLocator(loader)),
                TypePool.Default.ReaderMode.FAST);
    }

    private Advice linked(String adviceName) {
        ClassFileLocator locator = advice.classFiles();
        return Advice.withCustomMapping()
                .with(new Advice.AssignReturned.Factory().withSuppressed(Throwable.class))
                .bootstrap(
                        bootstrapMethod(),
                        (adviceMethod, exit) -> (type, method) -> List.of(JavaConstant.Simple.ofLoaded(adviceName)))
                .to(describe(adviceName, locator), locator);
    }

    private Advice inlined(String adviceName) {
        ClassFileLocator locator = new ClassFileLocator.Compound(
                ClassFileLocator.Simple.of(StaticEntry.class.getName(), staticEntry()), advice.classFiles());
        return Advice.withCustomMapping()
                .with(new Advice.AssignReturned.Factory().withSuppressed(Throwable.class))
                .bind(StaticEntry.AdviceName.class, adviceName)
                .to(describe(StaticEntry.class.getName(), locator), locator);
    }

    private static TypeDescription describe(String name, ClassFileLocator locator) {
        return new TypePool.Default.WithLazyResolution(
                        new TypePool.CacheProvider.Simple(), locator, TypePool.Default.ReaderMode.FAST)
                .describe(name)
                .resolve();
    }

    /** The template with its stand-in replaced by the dispatch class itself, which javac cannot name here. */
    private byte[] staticEntry() {
        String standIn = StaticEntry.Dispatch.class.getName().replace('.', '/');
        ClassReader template = new ClassReader(advice.ownClassFile(StaticEntry.class));
        ClassWriter real = new ClassWriter(0);
        template.accept(
                new ClassRemapper(
                        real,
                        new SimpleRemapper(
                                net.bytebuddy.jar.asm.Opcodes.ASM9,
                                standIn,
                                dispatch.get().getName().replace('.', '/'))),
                0);
        return real.toByteArray();
    }

    private Method bootstrapMethod() {
        for (Method method : dispatch.get().getMethods()) {
            if (method.getName().equals("bootstrap")) {
                return method;
            }
        }
        throw new IllegalStateException("the dispatch class has no bootstrap method");
    }

    private static ElementMatcher<MethodDescription> isOneOf(List<Join> joins) {
        return method -> joins.stream()
                .anyMatch(join -> join.name().equals(method.getInternalName())
                        && join.descriptor().equals(method.getDescriptor()));
    }

    private record ApplicationLocator(ClassLoader loader) implements ClassFileLocator {
        @Override
        public Resolution locate(String name) {
            String internalName = name.replace('.', '/');
            byte @Nullable [] file = ClassFiles.isOfPlatform(internalName)
                    ? ClassFiles.readPlatform(internalName)
                    : new ClassFiles(loader).read(internalName);
            return file == null ? new Resolution.Illegal(name) : new Resolution.Explicit(file);
        }

        @Override
        public void close() {}
    }
}
