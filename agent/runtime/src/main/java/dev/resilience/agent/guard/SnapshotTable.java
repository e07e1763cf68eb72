package dev.resilience.agent.guard;

import dev.resilience.agent.fallback.Fingerprints;
import dev.resilience.agent.fallback.HttpAsked;
import dev.resilience.agent.fallback.HttpSnapshots;
import dev.resilience.agent.fallback.MessageSnapshots;
import dev.resilience.agent.fallback.Moment;
import dev.resilience.agent.fallback.SnapshotRule;
import dev.resilience.agent.fallback.TargetStamps;
import dev.resilience.agent.policy.Link;
import dev.resilience.agent.policy.Mode;
import dev.resilience.agent.policy.Policy;
import dev.resilience.agent.policy.PolicySet;
import dev.resilience.agent.policy.Protocol;
import dev.resilience.instrumentation.api.Faults;
import dev.resilience.instrumentation.api.HttpKeeper;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** What is kept for each policy that has snapshots. */
final class SnapshotTable {
    /*
     * What is kept outlives the rules as circuits do: by the name of its policy, as long as that says the same of
     * snapshots. Nothing here is made before the first guard that has any: a key of random bits takes its time, and so do
     * the classes of the cache, which are loaded by the first piece of work on the agent's own thread.
     */
    private final LongSupplier nanoClock;
    private final Faults faults;
    private final ConcurrentHashMap<String, Kept> kept = new ConcurrentHashMap<>();
    private volatile @Nullable Common common;
    /** Whether anything may be kept for any policy, so that writes have to be told of. */
    private volatile boolean used;

    SnapshotTable(LongSupplier nanoClock, Faults faults) {
        this.nanoClock = nanoClock;
        this.faults = faults;
    }

    /**
     * One of each for the process.
     *
     * @param others is told of the writes of policies that keep nothing
     */
    record Common(Fingerprints fingerprints, TargetStamps stamps, SnapshotWork work, HttpKeeper others) {}

    /** What one policy keeps. */
    record Kept(SnapshotRule rule, HttpSnapshots http, MessageSnapshots messages, MessageSnapshots rows) {}

    Common common() {
        Common made = common;
        return made == null ? make() : made;
    }

    private synchronized Common make() {
        Common made = common;
        if (made == null) {
            made = new Common(
                    new Fingerprints(), new TargetStamps(), new SnapshotWork(faults), new Recall.Keeper(this, null));
            common = made;
        }
        return made;
    }

    /** Whom to tell of a call that nothing is kept of; null where nobody wants to know. */
    @Nullable
    HttpKeeper keeperOfOthers(String method) {
        return used && HttpAsked.isUnsafe(method) ? common().others() : null;
    }

    Moment now() {
        return Moment.at(nanoClock.getAsLong());
    }

    /** What is kept for this policy; its own, and nobody else's, if it is no longer in force. */
    Kept of(String policy, SnapshotRule rule, boolean inForce) {
        if (!inForce) {
            return fresh(rule);
        }
        used = true;
        return kept.compute(
                policy, (name, known) -> known != null && known.rule().equals(rule) ? known : fresh(rule));
    }

    private Kept fresh(SnapshotRule rule) {
        Common shared = common();
        HttpSnapshots http = new HttpSnapshots(rule, shared.fingerprints(), shared.stamps(), nanoClock);
        shared.work().tryRun(0, http::warm);
        return new Kept(
                rule,
                http,
                new MessageSnapshots(rule, shared.fingerprints(), nanoClock),
                new MessageSnapshots(rule, shared.fingerprints(), nanoClock));
    }

    /** Forgets what is kept for policies that are not, or not so, among these. */
    void retain(PolicySet policies) {
        if (kept.isEmpty()) {
            return;
        }
        Map<String, SnapshotRule> rules = new HashMap<>();
        note(rules, policies.defaults());
        policies.policies().forEach(policy -> note(rules, policy));
        kept.entrySet().removeIf(each -> !each.getValue().rule().equals(rules.get(each.getKey())));
        used = !kept.isEmpty();
    }

    private static void note(Map<String, SnapshotRule> rules, Policy policy) {
        for (Link link : policy.chain()) {
            if (policy.mode() != Mode.OBSERVE && link.unconditional() instanceof Link.Snapshot snapshot) {
                rules.put(policy.name(), snapshot.rule());
            }
        }
    }

    /** What became of snapshots, of policies and protocols that have any. */
    List<SnapshotUse> uses() {
        List<SnapshotUse> uses = new ArrayList<>();
        kept.forEach((policy, each) -> {
            uses.add(new SnapshotUse(policy, Protocol.HTTP.text(), each.http().counts()));
            uses.add(new SnapshotUse(
                    policy, Protocol.GRPC.text(), each.messages().counts()));
            uses.add(new SnapshotUse(policy, Protocol.JDBC.text(), each.rows().counts()));
        });
        return uses;
    }
}
