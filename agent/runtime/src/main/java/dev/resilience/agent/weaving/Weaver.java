package dev.resilience.agent.weaving;

import dev.resilience.agent.weaving.NameGate.Candidate;
import dev.resilience.instrumentation.api.ClientModule;
import dev.resilience.instrumentation.api.Faults;
import dev.resilience.instrumentation.api.JoinPoint;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import net.bytebuddy.jar.asm.Type;
import org.jspecify.annotations.Nullable;

/** Decides which methods of a class are woven with which advice, and leaves alone what it does not understand. */
final class Weaver {
    private final AdviceWeaving advice;
    private final ModuleReferences references;
    private final Consumer<String> warnings;
    private final Faults faults;
    private final Set<String> warned = ConcurrentHashMap.newKeySet();
    private final java.util.Map<ClassLoader, Set<String>> off = Collections.synchronizedMap(new WeakHashMap<>());

    /** One method to weave and the advice class for it. */
    record Join(String name, String descriptor, String advice) {}

    Weaver(AdviceWeaving advice, ModuleReferences references, Consumer<String> warnings, Faults faults) {
        this.advice = advice;
        this.references = references;
        this.warnings = warnings;
        this.faults = faults;
    }

    byte @Nullable [] weave(List<Candidate> candidates, @Nullable ClassLoader loader, String name, byte[] classFile) {
        ClassLoader application = loader == null ? ClassLoader.getPlatformClassLoader() : loader;
        ClassShape shape = ClassShape.of(classFile);
        byte[] woven = classFile;
        for (Candidate candidate : candidates) {
            try {
                woven = weave(candidate, application, shape, woven);
            } catch (Throwable fault) {
                faults.report("weaving/" + candidate.module().name() + "/" + name.replace('/', '.'), fault);
            }
        }
        return woven == classFile ? null : woven;
    }

    private byte[] weave(Candidate candidate, ClassLoader loader, ClassShape shape, byte[] classFile) {
        ClientModule module = candidate.module();
        ClassFiles files = new ClassFiles(loader);
        if (!fits(candidate.joinPoint().types(), shape, files) || isOff(module, loader)) {
            return classFile;
        }
        List<Join> joins = joins(candidate.joinPoint(), shape);
        if (joins.isEmpty()) {
            if (candidate.joinPoint().types() instanceof JoinPoint.Types.Named) {
                turnOff(
                        module,
                        loader,
                        files.origin(shape.name()) + " has not the methods of "
                                + shape.name().replace('/', '.') + " that this agent knows");
            }
            return classFile;
        }
        List<String> missing = references.missing(module, loader);
        if (!missing.isEmpty()) {
            turnOff(
                    module,
                    loader,
                    files.origin(shape.name()) + " lacks " + missing.get(0)
                            + (missing.size() == 1 ? "" : " and " + (missing.size() - 1) + " more"));
            return classFile;
        }
        return advice.apply(shape, joins, loader, classFile);
    }

    private static boolean fits(JoinPoint.Types types, ClassShape shape, ClassFiles files) {
        return !(types instanceof JoinPoint.Types.SubtypesOf subtypes)
                || files.isSubtype(shape, subtypes.supertype().replace('.', '/'));
    }

    /** The methods to weave: all that are asked for, else those of the alternative, else none. */
    private static List<Join> joins(JoinPoint joinPoint, ClassShape shape) {
        List<Join> joins = new ArrayList<>();
        boolean complete = true;
        for (JoinPoint.Method method : joinPoint.methods()) {
            int before = joins.size();
            for (ClassShape.Member member : shape.members()) {
                if (member.hasBody() && matches(method, member)) {
                    joins.add(new Join(member.name(), member.descriptor(), method.advice()));
                }
            }
            complete &= joins.size() > before;
        }
        if (complete || joinPoint.types() instanceof JoinPoint.Types.SubtypesOf) {
            return joins;
        }
        JoinPoint otherwise = joinPoint.otherwise();
        return otherwise == null ? List.of() : joins(otherwise, shape);
    }

    private static boolean matches(JoinPoint.Method method, ClassShape.Member member) {
        if (!method.name().equals(member.name()) || !member.descriptor().startsWith("(")) {
            return false;
        }
        return (method.descriptor() == null || member.descriptor().startsWith(method.descriptor()))
                && (method.returns() == null
                        || method.returns()
                                .equals(Type.getReturnType(member.descriptor()).getClassName()));
    }

    private boolean isOff(ClientModule module, ClassLoader loader) {
        return off.getOrDefault(loader, Set.of()).contains(module.name());
    }

    private void turnOff(ClientModule module, ClassLoader loader, String why) {
        off.computeIfAbsent(loader, key -> ConcurrentHashMap.newKeySet()).add(module.name());
        if (warned.add(module.name() + why)) {
            warnings.accept(module.library() + " is not guarded: " + why);
        }
    }
}
