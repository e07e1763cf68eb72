package dev.resilience.agent.guard;

import dev.resilience.agent.policy.Deadline;
import dev.resilience.agent.policy.FailureRule;
import dev.resilience.agent.policy.Key;
import dev.resilience.agent.policy.Link;
import dev.resilience.agent.policy.Mode;
import dev.resilience.agent.policy.Policy;
import dev.resilience.agent.policy.PolicySet;
import dev.resilience.agent.policy.Protocol;
import dev.resilience.agent.policy.StallAfter;
import dev.resilience.agent.policy.Statements;
import dev.resilience.agent.policy.Suggestions;
import dev.resilience.agent.policy.TargetBounds;
import dev.resilience.agent.signal.Sink;
import dev.resilience.agent.signal.Subject;
import dev.resilience.agent.target.HostAndPort;
import dev.resilience.agent.target.HostName;
import dev.resilience.agent.target.JdbcUrl;
import dev.resilience.agent.target.Route;
import dev.resilience.agent.target.Target;
import dev.resilience.engine.AdaptiveDeadline;
import dev.resilience.engine.BreakerConfig;
import dev.resilience.engine.Layers;
import dev.resilience.engine.Service;
import dev.resilience.instrumentation.api.Call;
import dev.resilience.instrumentation.api.Faults;
import dev.resilience.instrumentation.api.Guard;
import dev.resilience.instrumentation.api.Guards;
import dev.resilience.instrumentation.api.StatementKind;
import dev.resilience.instrumentation.api.StreamBudgets;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
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
     * Targets are bounded, and those that come too late share a guard with others (Seat). A target nobody called for a
     * while leaves: its guard is GONE first, then out of the maps, all under the lock, then out of the table; then the
     * generation changes, so that nobody keeps what he looked up. What leaves is at rest: CLOSED, its window empty, none
     * of its listed calls in flight. A target that is not at rest leaves when nobody called it for a day, which is longer
     * than any breaker stays open: what is known of it is worth nothing by then.
     */
    private static final int SWEEPS_ABANDONED = sweeps(Duration.ofDays(1));
    /** Once all places are taken, one must only be idle for this long to be given to another. */
    private static final int SWEEPS_PRESSED = sweeps(Duration.ofMinutes(1));

    private record Exempt(String host, int port) {}

    /** A class and no method reference: linking one would be paid by every start of every application. */
    private static final class NanoTime implements LongSupplier {
        @Override
        public long getAsLong() {
            return System.nanoTime();
        }
    }

    /** A class for the same reason. */
    private final class Leaving implements Runnable {
        @Override
        public void run() {
            leave();
        }
    }

    private final Machinery machinery;
    private final Faults faults;
    private final Errands errands;
    private final Consumer<String> out;
    private final ConcurrentHashMap<Name, Circuit> circuits = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<Policy, PolicyTraffic> traffics = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<String, Service> services = new ConcurrentHashMap<>();
    private final RetryTable retries = new RetryTable();
    private final CopyOnWriteArrayList<Exempt> exempt = new CopyOnWriteArrayList<>();
    private final Statements statements = new Statements();
    private final AtomicBoolean fullSaid = new AtomicBoolean();
    private final AtomicBoolean routesSaid = new AtomicBoolean();
    private final ReentrantLock swapping = new ReentrantLock();
    private volatile Rules rules;
    private final AtomicInteger generation = new AtomicInteger();

    /** Guards by {@code policies} until the first reload; notices go to {@code out} as whole lines. */
    public GuardRegistry(PolicySet policies, Sink sink, Faults faults, Consumer<String> out) {
        this(policies, Machinery.of(new NanoTime(), sink, faults), out);
    }

    GuardRegistry(PolicySet policies, Machinery machinery, Consumer<String> out) {
        this.machinery = machinery;
        this.faults = machinery.faults();
        this.errands = new Errands(faults);
        this.out = out;
        this.rules = new Rules(policies, false, new ConcurrentHashMap<>());
        machinery.pulse().leaving(new Leaving());
        machinery.pulse().beating(retries);
        machinery.leaks().tell(out);
    }

    /** Puts other policies in force, all at once. */
    public void reload(PolicySet policies) {
        swapping.lock();
        try {
            rules = new Rules(policies, !circuits.isEmpty() || retries.hasAny(), rules.learnedFor(policies));
            generation.incrementAndGet();
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
        machinery.limits().wakeAll();
    }

    /** How many calls of guards that enforce are in flight. */
    public int inFlight() {
        return machinery.inFlight().count();
    }

    /** Cuts every call in flight of a guard that enforces, because the drain is over. */
    public void cutAll() {
        machinery.inFlight().endWork();
        machinery.limits().wakeAll();
        machinery.inFlight().forEach(GuardRegistry::cut);
    }

    private static void cut(Call call) {
        TargetGuard.drain(call);
    }

    /** How many targets have a guard. */
    public int targets() {
        return rules.size();
    }

    /** How many calls would have been refused or cut that in truth succeeded, while not enforcing. */
    public long wouldHaveLost() {
        return rules.wouldHaveLost();
    }

    /** What is suggested for the policies in force, from what was seen of their calls in the last three hours. */
    public Suggestions suggestions() {
        PolicySet policies = rules.policies;
        long now = machinery.nanoClock().getAsLong();
        List<Suggestions.Watched> watched = new ArrayList<>();
        watched.add(watched(policies.defaults(), now));
        policies.policies().forEach(policy -> watched.add(watched(policy, now)));
        return new Suggestions(watched);
    }

    private Suggestions.Watched watched(Policy policy, long nowNanos) {
        PolicyTraffic traffic = traffics.get(policy);
        return new Suggestions.Watched(policy, traffic == null ? null : traffic.seen(nowNanos));
    }

    /** Work that went on 50 ms after its deadline's cancel, by place; the oldest hundred places. */
    public List<Leak> leaks() {
        return machinery.leaks().leaks();
    }

    /** How many calls that was in all. */
    public long leaked() {
        return machinery.leaks().total();
    }

    /** What became of the answers that are kept for the policies in force. */
    public List<SnapshotUse> snapshots() {
        return machinery.snapshots().uses();
    }

    /** How often calls were made again, of each target whose policy says that they may be. */
    public List<RetryUse> retries() {
        return retries.uses();
    }

    @Override
    public int generation() {
        return generation.get();
    }

    @Override
    public Faults faults() {
        return faults;
    }

    @Override
    public boolean tryRun(Runnable work) {
        return errands.tryRun(work);
    }

    @Override
    public StatementKind kindOf(String sql) {
        try {
            return statements.kindOf(sql);
        } catch (Throwable fault) {
            faults.report("guard/kindOf", fault);
            return StatementKind.OTHER;
        }
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
        if (scheme == null) {
            return null;
        }
        int port = uri.getPort();
        if (host == null) {
            String authority = uri.getAuthority();
            if (authority == null) {
                return null;
            }
            HostAndPort parsed = HostAndPort.parse(authority);
            if (parsed.host().isEmpty()) {
                return null;
            }
            host = parsed.host();
            port = parsed.port();
        } else if (host.charAt(host.length() - 1) == '.') {
            host = HostName.of(host);
        }
        if (port < 0) {
            port = scheme.equals("https") ? 443 : 80;
        }
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
        String route = keyed == null ? null : Route.of(keyed);
        TargetGuard guard = guard(now, policy, Target.http(scheme, host, port), route);
        now.table.addHost(policy, host, place, route, guard);
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
        String route = policy.key() == Key.ROUTE ? "/" + fullMethod : null;
        TargetGuard guard = guard(now, policy, Target.grpc(authority), route);
        now.table.addNamed(null, authority, fullMethod, guard);
        return guard;
    }

    private Guard findJdbc(Rules now, String url, @Nullable String pool) {
        TargetGuard known = now.table.named(now.policies.defaults(), url, pool);
        if (known != null) {
            return known;
        }
        Policy policy = now.policies.jdbc(JdbcUrl.bare(url), pool);
        TargetGuard guard = guard(now, policy, Target.jdbc(url), null);
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
    TargetGuard guard(Rules now, Policy policy, Target host, @Nullable String route) {
        TargetGuard known = now.guard(now.seat(this, policy, host, route).name());
        if (known != null && !known.isGone()) {
            return known;
        }
        TargetGuard guard;
        swapping.lock();
        try {
            guard = seated(now, now.seat(this, policy, host, route));
        } finally {
            swapping.unlock();
        }
        say(guard.seat(), now.policies.bounds());
        machinery.pulse().start();
        return guard;
    }

    /** The guard that those who share this seat have now; it knows no more of them than that they do. */
    TargetGuard shared(Rules now, Seat seat) {
        swapping.lock();
        try {
            return seated(now, now.seat(seat));
        } finally {
            swapping.unlock();
        }
    }

    private TargetGuard seated(Rules now, Seat seat) {
        TargetGuard known = now.guard(seat.name());
        if (known != null) {
            return known;
        }
        TargetGuard guard = make(now, seat);
        now.add(guard);
        return guard;
    }

    private TargetGuard make(Rules now, Seat seat) {
        Policy policy = seat.policy();
        Target target = seat.name().target();
        Subject subject = new Subject(
                target.protocol(), target.name(), policy.name(), policy.mode().text());
        BreakerConfig config = policy.breaker();
        Circuit circuit = config == null ? null : circuit(now, seat.name(), policy, config, subject);
        Limits limits = machinery.limits().of(subject, policy.limit(), now == rules, machinery.nanoClock());
        Protocol protocol = protocol(target);
        List<Link> chain = policy.chain(protocol);
        FailureRule failures = policy.failures(protocol);
        Deadline deadline = policy.deadline(protocol);
        Rules.Learned learned = now.learned(seat.name());
        AdaptiveDeadline adaptive = deadline == Deadline.Rule.ADAPTIVE ? learning(learned.deadline()) : null;
        ReadStalls readStalls = readStalls(policy, protocol, learned);
        long reserved =
                chain.stream().mapToLong(link -> link.reserved().toNanos()).sum();
        long fixed = deadline instanceof Deadline.Fixed given ? given.budget().toNanos() - reserved : 0;
        StreamBudgets streams = protocol == Protocol.GRPC
                ? policy.streams().budgets(policy.stallAfter().fixedNanos())
                : null;
        return new TargetGuard(
                seat,
                subject,
                policy.mode(),
                fixed,
                reserved,
                adaptive,
                streams,
                readStalls,
                failures,
                chain,
                circuit,
                limits,
                kept(now, policy, chain),
                retries.of(seat.name(), policy.retries(), now == rules, machinery.nanoClock()),
                protocol,
                machinery);
    }

    /** Null where an answer may be silent as long as it likes; learned where it is enforced, as elsewhere nobody listens. */
    private @Nullable ReadStalls readStalls(Policy policy, Protocol protocol, Rules.Learned learned) {
        long fixed = policy.stallAfter().fixedNanos();
        if (fixed != 0) {
            return new ReadStalls(fixed, null);
        }
        boolean learns = protocol == Protocol.HTTP
                && policy.mode() == Mode.ENFORCE
                && policy.stallAfter() == StallAfter.Rule.ADAPTIVE;
        return learns ? new ReadStalls(0, learning(learned.silence())) : null;
    }

    private AdaptiveDeadline learning(@Nullable AdaptiveDeadline known) {
        return known == null ? new AdaptiveDeadline(machinery.nanoClock().getAsLong()) : known;
    }

    /** Null where nothing is: who only observes keeps nothing. */
    private SnapshotTable.@Nullable Kept kept(Rules now, Policy policy, List<Link> chain) {
        for (Link link : chain) {
            if (policy.mode() != Mode.OBSERVE && link.unconditional() instanceof Link.Snapshot snapshot) {
                return machinery.snapshots().of(policy.name(), snapshot.rule(), now == rules);
            }
        }
        return null;
    }

    boolean hasCircuit(Name name) {
        return circuits.containsKey(name);
    }

    private static Protocol protocol(Target target) {
        return switch (target.protocol()) {
            case Target.HTTP -> Protocol.HTTP;
            case Target.GRPC -> Protocol.GRPC;
            default -> Protocol.JDBC;
        };
    }

    /** The breaker of that name, unless it is configured otherwise by now; never one in place of a newer rule's. */
    private Circuit circuit(Rules now, Name name, Policy policy, BreakerConfig config, Subject subject) {
        Circuit old = circuits.get(name);
        if (old != null && old.config().equals(config)) {
            old.adopt(subject, traffic(now, policy));
            return old;
        }
        Service service = service(now, name, config);
        Circuit fresh = new Circuit(
                config,
                subject,
                traffic(now, policy),
                service,
                machinery.pulse(),
                machinery.ids(),
                machinery.nanoClock().getAsLong());
        if (now == rules) {
            if (old != null) {
                old.retire();
            }
            circuits.put(name, fresh);
        }
        return fresh;
    }

    /** What is remembered of this policy's calls; begun anew for one that is not as it was. */
    private PolicyTraffic traffic(Rules now, Policy policy) {
        if (now != rules) {
            return new PolicyTraffic(faults);
        }
        return traffics.computeIfAbsent(policy, changed -> new PolicyTraffic(faults));
    }

    /** What the target is an instance of: the service is all that one policy guards by one protocol. */
    private @Nullable Service service(Rules now, Name name, BreakerConfig config) {
        Layers layers = config.layers();
        if (layers == null || !layers.service()) {
            return null;
        }
        String key = name.policy() + ' ' + name.target().protocol();
        Service known = services.get(key);
        if (known != null && known.layers().equals(layers)) {
            return known;
        }
        Service fresh = new Service(layers);
        if (now == rules) {
            services.put(key, fresh);
            machinery.pulse().services().add(fresh);
        }
        return fresh;
    }

    private void forgetServices() {
        services.values().removeIf(Service::isEmpty);
        machinery.pulse().services().removeIf(Service::isEmpty);
    }

    private void forgetOthers(PolicySet policies) {
        traffics.keySet()
                .removeIf(policy -> !policy.equals(policies.defaults())
                        && !policies.policies().contains(policy));
        Map<String, BreakerConfig> kept = new HashMap<>();
        keep(kept, policies.defaults());
        policies.policies().forEach(policy -> keep(kept, policy));
        circuits.forEach((name, circuit) -> {
            if (!circuit.config().equals(kept.get(name.policy())) && circuits.remove(name, circuit)) {
                circuit.retire();
            }
        });
        forgetServices();
        machinery.snapshots().retain(policies);
        retries.retain(policies);
    }

    private static void keep(Map<String, BreakerConfig> kept, Policy policy) {
        BreakerConfig config = policy.breaker();
        if (config != null) {
            kept.put(policy.name(), config);
        }
    }

    /** Lets the targets go that nobody called for long enough. For the pulse. */
    void leave() {
        Rules now = rules;
        int idle = sweeps(now.policies.bounds().idleFor());
        boolean left = false;
        for (TargetGuard guard : now.guards()) {
            int quiet = guard.quietSweeps();
            if (quiet >= SWEEPS_PRESSED && quiet >= needed(now, guard, idle) && leave(now, guard)) {
                left = true;
            }
        }
        forgetOrphans(now, idle);
        if (left) {
            now.table.forget();
            generation.incrementAndGet();
        }
    }

    private static int needed(Rules now, TargetGuard guard, int idle) {
        if (!guard.isAtRest()) {
            return Math.max(idle, SWEEPS_ABANDONED);
        }
        Seat seat = guard.seat();
        boolean pressed = now.isFull() || (seat.route() != null && now.isFull(seat.policy(), seat.host()));
        return pressed ? SWEEPS_PRESSED : idle;
    }

    private boolean leave(Rules now, TargetGuard guard) {
        swapping.lock();
        try {
            if (now != rules || !guard.tryLeave()) {
                return false;
            }
            now.remove(guard);
            retries.remove(guard.seat().name());
            Circuit circuit = guard.circuit();
            if (circuit != null && circuits.remove(guard.seat().name(), circuit)) {
                circuit.retire();
                forgetServices();
            }
            return true;
        } finally {
            swapping.unlock();
        }
    }

    /** Circuits and budgets of rules before these whose targets nobody has called since. */
    private void forgetOrphans(Rules now, int idle) {
        now.sweeps++;
        if (!now.hasOrphans) {
            return;
        }
        swapping.lock();
        try {
            if (now != rules) {
                return;
            }
            now.hasOrphans = false;
            circuits.forEach((name, circuit) -> {
                if (now.guard(name) == null) {
                    boolean held = circuit.held;
                    circuit.held = false;
                    circuit.active(held);
                    int needed = circuit.isAtRest() ? idle : Math.max(idle, SWEEPS_ABANDONED);
                    if (!held && now.sweeps >= needed && circuits.remove(name, circuit)) {
                        circuit.retire();
                    } else {
                        now.hasOrphans = true;
                    }
                }
            });
            if (now.sweeps >= idle) {
                retries.forget(name -> now.guard(name) == null);
            } else {
                now.hasOrphans |= retries.hasAny();
            }
        } finally {
            swapping.unlock();
        }
    }

    private static int sweeps(Duration idle) {
        long period = Pulse.PERIOD_NANOS * Pulse.BEATS_PER_LEAVING;
        return (int) ((idle.toNanos() + period - 1) / period);
    }

    private void say(Seat seat, TargetBounds bounds) {
        if (seat.kind() == Seat.Kind.MORE_ROUTES && routesSaid.compareAndSet(false, true)) {
            out.accept("resilience: more than " + bounds.routes() + " routes (max-routes) of "
                    + seat.host().name()
                    + ", or one that is no template; the further ones of a host share the target "
                    + seat.name().target().name());
        } else if (seat.isShared() && !seat.isCounted() && fullSaid.compareAndSet(false, true)) {
            out.accept("resilience: more than " + bounds.targets() + " targets (max-targets); further ones share one"
                    + " for each host, protocol and policy, the first of them "
                    + seat.name().target().name());
        }
    }

    /** How many breakers are kept, those of guards in force and those that no guard has taken over yet. */
    int circuits() {
        return circuits.size();
    }

    /** The guards in force, for diagnosis. */
    List<TargetGuard> guards() {
        return List.copyOf(rules.guards());
    }
}
