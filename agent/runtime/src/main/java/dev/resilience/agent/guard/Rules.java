package dev.resilience.agent.guard;

import dev.resilience.agent.policy.Policy;
import dev.resilience.agent.policy.PolicySet;
import dev.resilience.agent.policy.TargetBounds;
import dev.resilience.agent.target.Route;
import dev.resilience.agent.target.Target;
import dev.resilience.engine.AdaptiveDeadline;
import java.util.Collection;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** One policy set, and the guards made for it so far: who has one for itself, and who shares which. */
final class Rules {
    /*
     * Guards come and go under the lock of the registry, so bounds are exact; anyone reads at any time, and asks again
     * under the lock before anything is made.
     */
    /** One guard for the targets of a host without a place, for each so many places. */
    private static final int TARGETS_FOR_EACH_SHARING_HOST = 10;

    final PolicySet policies;
    final GuardTable table;

    /** Whether the registry still has circuits of rules before these that no guard of these has taken over. */
    boolean hasOrphans;

    int sweeps;
    private final TargetBounds bounds;
    private final ConcurrentHashMap<Name, TargetGuard> guards = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<Name, Integer> routes = new ConcurrentHashMap<>();
    private final AtomicInteger counted = new AtomicInteger();
    private final AtomicInteger sharing = new AtomicInteger();
    private final LongAdder lostByGone = new LongAdder();

    /** What guards of the rules before these had learned, until one of these takes it over. */
    private final Map<Name, Learned> learned;

    /** What calls of one name, and silences of their answers, have shown to need; null where nobody asked. */
    record Learned(
            @Nullable AdaptiveDeadline deadline, @Nullable AdaptiveDeadline silence) {
        private static final Learned NOTHING = new Learned(null, null);
    }

    Rules(PolicySet policies, boolean hasOrphans, Map<Name, Learned> learned) {
        this.learned = learned;
        this.policies = policies;
        this.bounds = policies.bounds();
        this.hasOrphans = hasOrphans;
        this.table = new GuardTable(2 * bounds.targets());
    }

    @Nullable
    TargetGuard guard(Name name) {
        return guards.get(name);
    }

    /** What is known of how long calls there may take; once. */
    Learned learned(Name name) {
        Learned known = learned.remove(name);
        return known == null ? Learned.NOTHING : known;
    }

    /** What its guards have learned, or would have taken over, of policies that {@code next} leaves as they are. */
    Map<Name, Learned> learnedFor(PolicySet next) {
        Map<Name, Learned> handedOn = new ConcurrentHashMap<>(learned);
        guards.forEach((name, guard) -> {
            Learned known = guard.learned();
            if (!known.equals(Learned.NOTHING)) {
                handedOn.put(name, known);
            }
        });
        Set<Policy> same = all(next);
        same.retainAll(all(policies));
        Set<String> names = same.stream().map(Policy::name).collect(Collectors.toSet());
        handedOn.keySet().removeIf(name -> !names.contains(name.policy()));
        return handedOn;
    }

    private static Set<Policy> all(PolicySet policies) {
        Set<Policy> all = new HashSet<>(policies.policies());
        all.add(policies.defaults());
        return all;
    }

    Collection<TargetGuard> guards() {
        return guards.values();
    }

    int size() {
        return guards.size();
    }

    /** Where the calls of this target belong as things stand. */
    Seat seat(GuardRegistry registry, Policy policy, Target host, @Nullable String route) {
        Name own = new Name(policy.name(), route == null ? host : host.route(route));
        Seat.Kind kind = Seat.Kind.OWN;
        if (guards.containsKey(own)) {
            return new Seat(registry, this, policy, host, route, kind, own);
        }
        if (route != null && (route.length() > Route.LONGEST || isFull(policy, host))) {
            own = new Name(policy.name(), host.moreRoutes());
            kind = Seat.Kind.MORE_ROUTES;
        }
        return place(new Seat(registry, this, policy, host, route, kind, own));
    }

    /** Where those belong as things stand who shared a guard that left; nothing more is known of them. */
    Seat seat(Seat shared) {
        return shared.kind() == Seat.Kind.OVERFLOW ? shared : place(shared);
    }

    /** That one, or one that is shared with others. */
    private Seat place(Seat wanted) {
        if (guards.containsKey(wanted.name()) || (wanted.isCounted() && hasPlace(wanted.name(), wanted.registry()))) {
            return wanted;
        }
        Target host = wanted.host();
        Target overflow = Target.overflow(host.protocol());
        Name shared = new Name(wanted.policy().name(), host.ofHost());
        Seat.Kind kind = Seat.Kind.OF_HOST;
        if (shared.target().equals(overflow) || (!guards.containsKey(shared) && sharing.get() >= mostSharing())) {
            shared = new Name(wanted.policy().name(), overflow);
            kind = Seat.Kind.OVERFLOW;
        }
        return new Seat(wanted.registry(), this, wanted.policy(), host, wanted.route(), kind, shared);
    }

    /** Whether all places are taken. */
    boolean isFull() {
        return counted.get() >= bounds.targets();
    }

    /** Circuits of rules before these take places as well, until a guard takes them over or they leave. */
    private boolean hasPlace(Name own, GuardRegistry registry) {
        int orphans = Math.max(0, registry.circuits() - guards.size());
        return !isFull() && (registry.hasCircuit(own) || counted.get() + orphans < bounds.targets());
    }

    /** Whether this host has as many routes as it may have. */
    boolean isFull(Policy policy, Target host) {
        return routes.getOrDefault(new Name(policy.name(), host), 0) >= bounds.routes();
    }

    private int mostSharing() {
        return bounds.targets() / TARGETS_FOR_EACH_SHARING_HOST;
    }

    void add(TargetGuard guard) {
        guards.put(guard.seat().name(), guard);
        count(guard.seat(), 1);
    }

    void remove(TargetGuard guard) {
        guards.remove(guard.seat().name(), guard);
        count(guard.seat(), -1);
        lostByGone.add(guard.wouldHaveLost());
    }

    private void count(Seat seat, int change) {
        if (seat.isCounted()) {
            counted.addAndGet(change);
        } else if (seat.kind() == Seat.Kind.OF_HOST) {
            sharing.addAndGet(change);
        }
        if (seat.kind() == Seat.Kind.OWN && seat.route() != null) {
            routes.merge(new Name(seat.policy().name(), seat.host()), change, Rules::sumOrNone);
        }
    }

    private static @Nullable Integer sumOrNone(Integer count, Integer change) {
        return count + change == 0 ? null : (Integer) (count + change);
    }

    /** How many calls would have been refused or cut that in truth succeeded, while not enforcing. */
    long wouldHaveLost() {
        long lost = lostByGone.sum();
        for (TargetGuard guard : guards.values()) {
            lost += guard.wouldHaveLost();
        }
        return lost;
    }
}
