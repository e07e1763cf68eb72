package dev.resilience.agent.guard;

import dev.resilience.agent.policy.Policy;
import dev.resilience.agent.policy.PolicySet;
import dev.resilience.agent.policy.Retries;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The budgets of retries, which outlive a reload that leaves them as they are. Empty where no policy retries. */
final class RetryTable implements LongConsumer {
    private final ConcurrentHashMap<Name, Retrying> all = new ConcurrentHashMap<>();

    /** Null where nothing is made again; its own, and nobody else's, if its rules are no longer in force. */
    @Nullable
    Retrying of(Name name, @Nullable Retries retries, boolean inForce, LongSupplier nanoClock) {
        if (retries == null) {
            return null;
        }
        if (!inForce) {
            return new Retrying(retries, nanoClock.getAsLong());
        }
        return all.compute(
                name,
                (same, known) -> known != null && known.retries().equals(retries)
                        ? known
                        : new Retrying(retries, nanoClock.getAsLong()));
    }

    boolean hasAny() {
        return !all.isEmpty();
    }

    /** Targets left. */
    void forget(Predicate<Name> isGone) {
        all.keySet().removeIf(isGone);
    }

    /** The target left. */
    void remove(Name name) {
        all.remove(name);
    }

    /** Forgets the budgets of policies that are not, or not so, among these. */
    void retain(PolicySet policies) {
        if (all.isEmpty()) {
            return;
        }
        Map<String, Retries> kept = new HashMap<>();
        note(kept, policies.defaults());
        policies.policies().forEach(policy -> note(kept, policy));
        all.entrySet()
                .removeIf(each ->
                        !each.getValue().retries().equals(kept.get(each.getKey().policy())));
    }

    private static void note(Map<String, Retries> kept, Policy policy) {
        Retries retries = policy.retries();
        if (retries != null) {
            kept.put(policy.name(), retries);
        }
    }

    /** A beat of the pulse. */
    @Override
    public void accept(long nowNanos) {
        if (!all.isEmpty()) {
            all.forEach((name, each) -> each.budget().pulse(nowNanos));
        }
    }

    List<RetryUse> uses() {
        List<RetryUse> uses = new ArrayList<>();
        all.forEach((name, each) -> uses.add(new RetryUse(
                name.policy(),
                name.target().name(),
                each.budget().retries(),
                each.budget().repeats(),
                each.budget().refusals())));
        return uses;
    }
}
