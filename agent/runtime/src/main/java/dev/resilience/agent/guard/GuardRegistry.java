package dev.resilience.agent.guard;

import dev.resilience.agent.policy.Key;
import dev.resilience.agent.policy.Mode;
import dev.resilience.agent.policy.Policy;
import dev.resilience.agent.policy.PolicySet;
import dev.resilience.agent.policy.Protocol;
import dev.resilience.agent.signal.Sink;
import dev.resilience.agent.signal.Subject;
import dev.resilience.agent.target.Route;
import dev.resilience.agent.target.Target;
import dev.resilience.engine.BreakerConfig;
import dev.resilience.instrumentation.api.Call;
import dev.resilience.instrumentation.api.Faults;
import dev.resilience.instrumentation.api.Guard;
import dev.resilience.instrumentation.api.Guards;
import dev.resilience.instrumentation.api.StaticAnswer;
import java.net.URI;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** All guards: finds the one of a call, under the policies in force. */
public final class GuardRegistry implements Guards {
    /*
     * Rules are a policy set and the guards made for it, behind one volatile reference. A look-up reads the reference
     * once, so a call is decided by one whole policy set; a reload puts new Rules there, and calls in flight settle
     * with the guards that admitted them.
     *
     * Breakers outlive the rules: a circuit is kept under (policy, target) and taken over by the next guard of that
     * name whose breaker is configured the same. So a reload forgets no open breaker unless it changed it.
     *
     * Targets are bounded. The calls of those that come too late share one guard for each protocol and policy.
     */
    public static final int MAX_TARGETS = 10_000;

    private record Name(String policy, Target target) {}

    private record Exempt(String host, int port) {}

    /** A class and no method reference: linking one would be paid by every start of every application. */
    private static final class NanoTime implements LongSupplier {
        @Override
        public long getAsLong() {
            return System.nanoTime();
        }
    }

    /** One policy set, and the guards made for it so far. */
    private static final class Rules {
        final PolicySet policies;
        final int generation;
        final GuardTable table;
        final ConcurrentHashMap<Name, TargetGuard> guards = new ConcurrentHashMap<>();

        Rules(PolicySet policies, int generation, int maxTargets) {
            this.policies = policies;
            this.generation = generation;
            this.table = new GuardTable(2 * maxTargets);
        }
    }

    private final Machinery machinery;
    private final Faults faults;
    private final Consumer<String> out;
    private final int maxTargets;
    private final ConcurrentHashMap<Name, Circuit> circuits = new ConcurrentHashMap<>();
    private final CopyOnWriteArrayList<Exempt> exempt = new CopyOnWriteArrayList<>();
    private final AtomicInteger overflowSaid = new AtomicInteger();
    private final ReentrantLock swapping = new ReentrantLock();
    private volatile Rules rules;

    /** Guards by {@code policies} until the first reload; notices go to {@code out} as whole lines. */
    public GuardRegistry(PolicySet policies, Sink sink, Faults faults, Consumer<String> out) {
        this(policies, Machinery.of(new NanoTime(), sink, faults), out, MAX_TARGETS);
    }

    GuardRegistry(PolicySet policies, Machinery machinery, Consumer<String> out, int maxTargets) {
        this.machinery = machinery;
        this.faults = machinery.faults();
        this.out = out;
        this.maxTargets = maxTargets;
        this.rules = new Rules(policies, 0, maxTargets);
    }

    /** Puts other policies in force, all at once. */
    public void reload(PolicySet policies) {
        swapping.lock();
        try {
            rules = new Rules(policies, rules.generation + 1, maxTargets);
            forgetOthers(policies);
        } finally {
            swapping.unlock();
        }
    }

    /** Leaves calls to this host and port alone: our own exports go there. */
    public void exempt(String host, int port) {
        exempt.add(new Exempt(host, port));
    }

    public PolicySet policies() {
        return rules.policies;
    }

    /** Whether any policy in force can refuse a call. */
    public boolean enforces() {
        PolicySet policies = rules.policies;
        return policies.defaults().mode() == Mode.ENFORCE
                || policies.policies().stream().anyMatch(policy -> policy.mode() == Mode.ENFORCE);
    }

    /** From now on guards that enforce refuse every call. */
    public void close() {
        machinery.inFlight().close();
    }

    /** How many calls of guards that enforce are in flight. */
    public int inFlight() {
        return machinery.inFlight().count();
    }

    /** Cuts every call in flight of a guard that enforces, because the drain is over. */
    public void cutAll() {
        machinery.inFlight().endWork();
        machinery.inFlight().forEach(GuardRegistry::cut);
    }

    private static void cut(Call call) {
        TargetGuard.drain(call);
    }

    /** How many targets have a guard. */
    public int targets() {
        return rules.guards.size();
    }

    /** How many calls would have been refused or cut that in truth succeeded, while not enforcing. */
    public long wouldHaveLost() {
        long lost = 0;
        for (TargetGuard guard : rules.guards.values()) {
            lost += guard.wouldHaveLost();
        }
        return lost;
    }

    @Override
    public int generation() {
        return rules.generation;
    }

    @Override
    public Faults faults() {
        return faults;
    }

    @Override
    public @Nullable Guard http(String method, URI uri) {
        try {
            return findHttp(rules, method, uri);
        } catch (Throwable fault) {
            faults.report("guard/http", fault);
            return null;
        }
    }

    @Override
    public @Nullable Guard grpc(String authority, String fullMethod) {
        try {
            return findGrpc(rules, authority, fullMethod);
        } catch (Throwable fault) {
            faults.report("guard/grpc", fault);
            return null;
        }
    }

    @Override
    public @Nullable Guard jdbc(String url, @Nullable String pool) {
        try {
            return findJdbc(rules, url, pool);
        } catch (Throwable fault) {
            faults.report("guard/jdbc", fault);
            return null;
        }
    }

    private @Nullable Guard findHttp(Rules now, String method, URI uri) {
        String scheme = scheme(uri);
        String host = uri.getHost();
        if (scheme == null || host == null) {
            return null;
        }
        int port = uri.getPort() >= 0 ? uri.getPort() : scheme.equals("https") ? 443 : 80;
        if (isExempt(host, port)) {
            return null;
        }
        String rawPath = uri.getRawPath();
        String path = rawPath == null || rawPath.isEmpty() ? "/" : rawPath;
        Policy policy = now.policies.http(method, scheme, host, port, path);
        String keyed = policy.key() == Key.ROUTE ? path : null;
        // A port serves one scheme; the sign keeps the two apart where it does not.
        int place = scheme.equals("https") ? -port : port;
        TargetGuard known = now.table.host(policy, host, place, keyed);
        if (known != null) {
            return known;
        }
        Target target = Target.http(scheme, host, port);
        TargetGuard guard = guard(now, policy, keyed == null ? target : target.route(Route.of(keyed)));
        now.table.addHost(policy, host, place, keyed, guard);
        return guard;
    }

    private static @Nullable String scheme(URI uri) {
        String scheme = uri.getScheme();
        if ("https".equalsIgnoreCase(scheme)) {
            return "https";
        }
        return "http".equalsIgnoreCase(scheme) ? "http" : null;
    }

    private Guard findGrpc(Rules now, String authority, String fullMethod) {
        TargetGuard known = now.table.named(null, authority, fullMethod);
        if (known != null) {
            return known;
        }
        int slash = fullMethod.lastIndexOf('/');
        String service = slash < 0 ? "" : fullMethod.substring(0, slash);
        Policy policy = now.policies.grpc(authority, service, fullMethod.substring(slash + 1));
        Target target = Target.grpc(authority);
        TargetGuard guard = guard(now, policy, policy.key() == Key.ROUTE ? target.route("/" + fullMethod) : target);
        now.table.addNamed(null, authority, fullMethod, guard);
        return guard;
    }

    private Guard findJdbc(Rules now, String url, @Nullable String pool) {
        TargetGuard known = now.table.named(now.policies.defaults(), url, pool);
        if (known != null) {
            return known;
        }
        Target target = Target.jdbc(url);
        TargetGuard guard = guard(now, now.policies.jdbc(target.name(), pool), target);
        // Under a policy that gRPC look-ups never name, so that the two cannot meet.
        now.table.addNamed(now.policies.defaults(), url, pool, guard);
        return guard;
    }

    private boolean isExempt(String host, int port) {
        for (int i = 0; i < exempt.size(); i++) {
            Exempt each = exempt.get(i);
            if (each.port == port && each.host.equalsIgnoreCase(host)) {
                return true;
            }
        }
        return false;
    }

    /** The slow way, by name. */
    private TargetGuard guard(Rules now, Policy policy, Target target) {
        TargetGuard known = now.guards.get(new Name(policy.name(), target));
        if (known != null) {
            return known;
        }
        Target bounded = target;
        if (now.guards.size() >= maxTargets) {
            sayOverflow();
            bounded = Target.overflow(target.protocol());
        }
        TargetGuard guard =
                now.guards.computeIfAbsent(new Name(policy.name(), bounded), name -> make(now, policy, name.target));
        machinery.pulse().start();
        return guard;
    }

    private TargetGuard make(Rules now, Policy policy, Target target) {
        Subject subject = new Subject(
                target.protocol(), target.name(), policy.name(), policy.mode().text());
        BreakerConfig config = policy.breaker();
        Circuit circuit = config == null ? null : circuit(now, new Name(policy.name(), target), config, subject);
        StaticAnswer answer = policy.fallback(protocol(target));
        return new TargetGuard(subject, policy, policy.failures(protocol(target)), answer, circuit, machinery);
    }

    private static Protocol protocol(Target target) {
        return switch (target.protocol()) {
            case Target.HTTP -> Protocol.HTTP;
            case Target.GRPC -> Protocol.GRPC;
            default -> Protocol.JDBC;
        };
    }

    /** The breaker of that name, unless it is configured otherwise by now; never one in place of a newer rule's. */
    private Circuit circuit(Rules now, Name name, BreakerConfig config, Subject subject) {
        swapping.lock();
        try {
            Circuit old = circuits.get(name);
            if (old != null && old.config().equals(config)) {
                old.adopt(subject);
                return old;
            }
            Circuit fresh = new Circuit(config, subject, machinery.nanoClock().getAsLong());
            if (now == rules) {
                if (old != null) {
                    machinery.pulse().remove(old);
                }
                circuits.put(name, fresh);
                machinery.pulse().add(fresh);
            }
            return fresh;
        } finally {
            swapping.unlock();
        }
    }

    private void forgetOthers(PolicySet policies) {
        Map<String, BreakerConfig> kept = new HashMap<>();
        keep(kept, policies.defaults());
        policies.policies().forEach(policy -> keep(kept, policy));
        circuits.forEach((name, circuit) -> {
            if (!circuit.config().equals(kept.get(name.policy)) && circuits.remove(name, circuit)) {
                machinery.pulse().remove(circuit);
            }
        });
    }

    private static void keep(Map<String, BreakerConfig> kept, Policy policy) {
        BreakerConfig config = policy.breaker();
        if (config != null) {
            kept.put(policy.name(), config);
        }
    }

    private void sayOverflow() {
        if (overflowSaid.compareAndSet(0, 1)) {
            out.accept("resilience: more than " + maxTargets
                    + " targets; calls to further ones share one guard for each protocol and policy");
        }
    }

    /** The guards in force, for diagnosis. */
    List<TargetGuard> guards() {
        return List.copyOf(rules.guards.values());
    }
}
