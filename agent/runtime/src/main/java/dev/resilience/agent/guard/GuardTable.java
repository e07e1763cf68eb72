package dev.resilience.agent.guard;

import dev.resilience.agent.policy.Policy;
import dev.resilience.agent.target.Route;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** Finds the guard of a call by what the call shows, without making a name of it: no allocation, no lock. */
final class GuardTable {
    /*
     * Chains of immutable nodes in an array that doubles. Readers load the array and a chain's head; writers, under the
     * lock, put a new node in front. Nothing is ever removed: a reload starts a new table. Beyond its capacity the
     * table takes nothing more, and the caller goes the slow way of names.
     */
    private record Node(
            int hash,
            @Nullable Policy policy,
            String name,
            int port,
            @Nullable String detail,
            boolean folded,
            TargetGuard guard,
            @Nullable Node next) {

        @SuppressWarnings("ReferenceEquality") // one set's policies are told apart by identity, which costs nothing
        boolean is(int soughtHash, @Nullable Policy by, String named, int at, @Nullable String with) {
            return hash == soughtHash && port == at && policy == by && name.equals(named) && isDetail(with);
        }

        private boolean isDetail(@Nullable String with) {
            if (detail == null || with == null) {
                return detail == null && with == null;
            }
            return folded ? Route.matches(detail, with) : detail.equals(with);
        }
    }

    private static final int INITIAL = 64;

    private final int capacity;
    private final ReentrantLock lock = new ReentrantLock();
    private volatile AtomicReferenceArray<@Nullable Node> chains = new AtomicReferenceArray<>(INITIAL);
    private int size;

    GuardTable(int capacity) {
        this.capacity = capacity;
    }

    /** A call to a host and port; with a path when a route has a guard of its own. */
    @Nullable
    TargetGuard host(Policy policy, String host, int port, @Nullable String path) {
        return find(hostHash(host, port, path), policy, host, port, path);
    }

    void addHost(Policy policy, String host, int port, @Nullable String path, TargetGuard guard) {
        String route = path == null ? null : Route.of(path);
        add(new Node(hostHash(host, port, path), policy, host, port, route, true, guard, null));
    }

    /** Anything named by one or two plain texts. */
    @Nullable
    TargetGuard named(@Nullable Policy policy, String name, @Nullable String detail) {
        return find(nameHash(name, detail), policy, name, -1, detail);
    }

    void addNamed(@Nullable Policy policy, String name, @Nullable String detail, TargetGuard guard) {
        add(new Node(nameHash(name, detail), policy, name, -1, detail, false, guard, null));
    }

    private static int hostHash(String host, int port, @Nullable String path) {
        return scatter(host.hashCode() * 31 + port + (path == null ? 0 : Route.hash(path) * 17));
    }

    private static int nameHash(String name, @Nullable String detail) {
        return scatter(name.hashCode() + (detail == null ? 0 : detail.hashCode() * 17));
    }

    private static int scatter(int hash) {
        int mixed = hash * 0x9e3779b9;
        return mixed ^ (mixed >>> 16);
    }

    private @Nullable TargetGuard find(
            int hash, @Nullable Policy policy, String name, int port, @Nullable String detail) {
        AtomicReferenceArray<@Nullable Node> now = chains;
        for (Node node = now.get(hash & (now.length() - 1)); node != null; node = node.next) {
            if (node.is(hash, policy, name, port, detail)) {
                return node.guard;
            }
        }
        return null;
    }

    private void add(Node node) {
        lock.lock();
        try {
            if (size >= capacity) {
                return;
            }
            if (size >= chains.length()) {
                chains = doubled(chains);
            }
            size++;
            put(chains, node);
        } finally {
            lock.unlock();
        }
    }

    private static AtomicReferenceArray<@Nullable Node> doubled(AtomicReferenceArray<@Nullable Node> old) {
        AtomicReferenceArray<@Nullable Node> twice = new AtomicReferenceArray<>(old.length() * 2);
        for (int i = 0; i < old.length(); i++) {
            for (Node node = old.get(i); node != null; node = node.next) {
                put(twice, node);
            }
        }
        return twice;
    }

    private static void put(AtomicReferenceArray<@Nullable Node> into, Node node) {
        int index = node.hash & (into.length() - 1);
        into.set(
                index,
                new Node(
                        node.hash,
                        node.policy,
                        node.name,
                        node.port,
                        node.detail,
                        node.folded,
                        node.guard,
                        into.get(index)));
    }
}
