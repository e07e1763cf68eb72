package dev.resilience.agent.weaving;

import dev.resilience.instrumentation.api.ClientModule;
import dev.resilience.instrumentation.api.Faults;
import dev.resilience.instrumentation.api.JoinPoint;
import java.lang.instrument.ClassFileTransformer;
import java.security.ProtectionDomain;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Sees every class that loads and lets through, by name alone, those that may be worth weaving. */
final class NameGate implements ClassFileTransformer {
    private static final String TELEMETRY_API = "io/opentelemetry/api/trace/Span";

    private static final List<String> OTHER_AGENTS = List.of(
            "io/opentelemetry/javaagent/",
            "datadog/",
            "com/newrelic/",
            "co/elastic/apm/",
            "com/dynatrace/",
            "com/appdynamics/",
            "org/apache/skywalking/apm/",
            "org/glowroot/agent/",
            "dev/resilience/");

    private static final List<Candidate> NONE = List.of();

    private final Map<String, List<Candidate>> named = new HashMap<>();
    private final BitSet lengths = new BitSet();
    private final List<Filtered> filtered = new ArrayList<>();
    private final Supplier<Weaver> weaver;
    private final Consumer<ClassLoader> onTelemetryApi;
    private final Faults faults;

    /** A join point a class may have, and whose it is. */
    record Candidate(ClientModule module, JoinPoint joinPoint) {}

    private record Filtered(JoinPoint.Types.SubtypesOf types, Candidate candidate) {}

    NameGate(List<ClientModule> modules, Supplier<Weaver> weaver, Consumer<ClassLoader> onTelemetryApi, Faults faults) {
        this.weaver = weaver;
        this.onTelemetryApi = onTelemetryApi;
        this.faults = faults;
        for (ClientModule module : modules) {
            for (JoinPoint joinPoint : module.joinPoints()) {
                index(new Candidate(module, joinPoint));
            }
        }
    }

    private void index(Candidate candidate) {
        JoinPoint.Types types = candidate.joinPoint.types();
        if (types instanceof JoinPoint.Types.Named type) {
            String name = internal(type.name());
            List<Candidate> others = named.get(name);
            if (others == null) {
                others = new ArrayList<>();
                named.put(name, others);
                lengths.set(name.length());
            }
            others.add(candidate);
        } else if (types instanceof JoinPoint.Types.SubtypesOf subtypes) {
            filtered.add(new Filtered(
                    new JoinPoint.Types.SubtypesOf(
                            internal(subtypes.supertype()),
                            subtypes.contains(),
                            internal(subtypes.prefixes()),
                            internal(subtypes.except())),
                    candidate));
        }
    }

    private static String internal(String name) {
        return name.replace('.', '/');
    }

    private static List<String> internal(List<String> names) {
        List<String> internal = new ArrayList<>(names.size());
        for (String name : names) {
            internal.add(internal(name));
        }
        return internal;
    }

    @Override
    public byte @Nullable [] transform(
            @Nullable Module module,
            @Nullable ClassLoader loader,
            @Nullable String name,
            @Nullable Class<?> redefined,
            @Nullable ProtectionDomain domain,
            byte[] classFile) {
        if (name == null) {
            return null;
        }
        try {
            List<Candidate> candidates = candidates(name);
            if (!candidates.isEmpty()) {
                return weaver.get().weave(candidates, loader, name, classFile);
            }
            if (loader != null && name.equals(TELEMETRY_API)) {
                onTelemetryApi.accept(loader);
            }
        } catch (Throwable fault) {
            faults.report("weaving", fault);
        }
        return null;
    }

    /** The join points a class of this internal name may have, by its name alone. */
    List<Candidate> candidates(String name) {
        List<Candidate> exact = named.get(name);
        List<Candidate> found = exact == null ? NONE : exact;
        for (int i = 0; i < filtered.size(); i++) {
            Filtered filter = filtered.get(i);
            if (filter.types.mayMatch(name) && !isOfAnotherAgent(name)) {
                found = new ArrayList<>(found);
                found.add(filter.candidate);
            }
        }
        return found;
    }

    private static boolean isOfAnotherAgent(String name) {
        for (int i = 0; i < OTHER_AGENTS.size(); i++) {
            if (name.startsWith(OTHER_AGENTS.get(i))) {
                return true;
            }
        }
        return false;
    }

    /**
     * As {@link #wants}, of a class of the boot loader, where only exact names are woven. There are a thousand of them
     * at start and the interpreter reads names slowly, so most are told apart by their length.
     */
    boolean wantsOfBoot(String binaryName) {
        return lengths.get(binaryName.length()) && named.containsKey(internal(binaryName));
    }

    /** Whether a loaded class of this binary name should be offered again, or tells where a telemetry API lives. */
    boolean wants(String binaryName) {
        String name = internal(binaryName);
        return name.equals(TELEMETRY_API) || !candidates(name).isEmpty();
    }
}
