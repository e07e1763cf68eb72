package dev.resilience.agent.guard;

import dev.resilience.agent.policy.Condition;
import dev.resilience.agent.policy.Link;
import dev.resilience.agent.policy.Protocol;
import dev.resilience.agent.signal.Signal.FallbackExecuted;
import dev.resilience.instrumentation.api.Call;
import dev.resilience.instrumentation.api.Faults;
import dev.resilience.instrumentation.api.RequestFacts;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Which links of a chain are for a call. */
final class Conditions {
    private final List<Link> chain;
    private final Protocol protocol;
    private final Faults faults;
    private final boolean hasAny;

    Conditions(List<Link> chain, Protocol protocol, Faults faults) {
        this.chain = chain;
        this.protocol = protocol;
        this.faults = faults;
        this.hasAny = hasAny(chain);
    }

    private static boolean hasAny(List<Link> chain) {
        for (Link link : chain) {
            if (link instanceof Link.Conditional) {
                return true;
            }
        }
        return false;
    }

    /** Is told of a link that is passed over, and why. */
    interface PassedOver {
        void tell(Link link, String why);
    }

    /** The chain of this call, of unconditional links: the same list, and nothing asked, where none has a condition. */
    List<Link> of(Call call, PassedOver passedOver) {
        if (!hasAny) {
            return chain;
        }
        RequestFacts facts = call.facts();
        List<Link> given = new ArrayList<>(chain.size());
        for (Link link : chain) {
            String why = link instanceof Link.Conditional conditional ? whyNot(conditional.when(), facts) : null;
            if (why == null) {
                given.add(link.unconditional());
            } else {
                passedOver.tell(link, why);
            }
        }
        return given;
    }

    /** Of a condition that cannot be asked nothing is known, so it does not hold. */
    private @Nullable String whyNot(Condition when, RequestFacts facts) {
        try {
            if (when.holds(protocol, facts)) {
                return null;
            }
            return when.isUnsure(facts) ? FallbackExecuted.CONDITION_UNSURE : FallbackExecuted.CONDITION_NOT_MET;
        } catch (Throwable fault) {
            faults.report("guard/condition", fault);
            return FallbackExecuted.CONDITION_UNSURE;
        }
    }
}
