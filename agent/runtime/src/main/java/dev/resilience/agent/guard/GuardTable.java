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
     * lock, put a new node in front, or a chain without those whose guard is gone. A guard is gone before the table is
     * told to forget it, and add() looks for that under the lock: so a guard that left does not come back, and no node
     * keeps it. A table that is full starts anew: what is still called comes back with its next call.
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

        Node before(@Nullable Node rest) {
            return new Node(hash, policy, name, port, detail, folded, guard, rest);
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
        return find(hostHash(host, port, path == null ? 0 : Route.hash(path)), policy, host, port, path);
    }

    /** A route that is no template would only fill the table. */
    void addHost(Policy policy, String host, int port, @Nullable String route, TargetGuard guard) {
        if (route == null || route.length() <= Route.LONGEST) {
            int path = route == null ? 0 : route.hashCode();
            add(new Node(hostHash(host, port, path), policy, host, port, route, true, guard, null));
        }
    }

    /** Anything named by one or two plain texts. */
    @Nullable
    TargetGuard named(@Nullable Policy policy, String name, @Nullable String detail) {
        return find(nameHash(name, detail), policy, name, -1, detail);
    }

    void addNamed(@Nullable Policy policy, String name, @Nullable String detail, TargetGuard guard) {
        add(new Node(nameHash(name, detail), policy, name, -1, detail, false, guard, null));
    }

    private static int hostHash(String host, int port, int route) {
        return scatter(host.hashCode() * 31 + port + route * 17);
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
            if (node.guard.isGone()) {
                return;
            }
            if (size >= capacity) {
                chains = new AtomicReferenceArray<>(INITIAL);
                size = 0;
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

    /** Drops the nodes of guards that are gone, and of those that are shared: their targets may have a place by now. */
    void forget() {
        lock.lock();
        try {
            AtomicReferenceArray<@Nullable Node> now = chains;
            for (int i = 0; i < now.length(); i++) {
                Node head = now.get(i);
                Node kept = null;
                int leaving = 0;
                for (Node node = head; node != null; node = node.next) {
                    if (isKept(node)) {
                        kept = node.before(kept);
                    } else {
                        leaving++;
                    }
                }
                if (leaving > 0) {
                    size -= leaving;
                    now.set(i, kept);
                }
            }
        } finally {
            lock.unlock();
        }
    }

    private static boolean isKept(Node node) {
        return !node.guard.isGone() && !node.guard.seat().isShared();
    }

    int size() {
        lock.lock();
        try {
            return size;
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
        into.set(index, node.before(into.get(index)));
    }
}
