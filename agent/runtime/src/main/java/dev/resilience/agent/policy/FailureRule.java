package dev.resilience.agent.policy;

import dev.resilience.engine.Outcome;
import dev.resilience.instrumentation.api.Ending;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What the end of a call of one protocol means for its breaker. Allocates nothing. */
public final class FailureRule {
    private final Tokens ignored;
    private final Tokens failures;

    private FailureRule(Tokens ignored, Tokens failures) {
        this.ignored = ignored;
        this.failures = failures;
    }

    /** The rule where no policy says otherwise. */
    public static FailureRule defaults(Protocol protocol) {
        return of(protocol, null, List.of());
    }

    /**
     * The rule of a policy.
     *
     * @param failureOn in place of the protocol's own list, or null to keep that
     * @param ignore what counts as neither, even if it is in the list
     */
    static FailureRule of(Protocol protocol, @Nullable List<String> failureOn, List<String> ignore) {
        return new FailureRule(
                Tokens.of(ignore), Tokens.of(failureOn == null ? FailureToken.failures(protocol) : failureOn));
    }

    /** An answer that no rule names is a success, anything else that no rule names is ignored. */
    public Outcome classify(Ending ending) {
        String token = ending.token();
        if (ignored.contain(token)) {
            return Outcome.IGNORED;
        }
        if (failures.contain(token)) {
            return Outcome.FAILURE;
        }
        return ending.answered() ? Outcome.SUCCESS : Outcome.IGNORED;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof FailureRule that && ignored.equals(that.ignored) && failures.equals(that.failures);
    }

    @Override
    public int hashCode() {
        return 31 * ignored.hashCode() + failures.hashCode();
    }

    @Override
    public String toString() {
        return "FailureRule[failures=" + failures + ", ignored=" + ignored + "]";
    }

    /** Words, and beginnings of words. */
    private record Tokens(Set<String> words, List<String> beginnings) {
        static Tokens of(List<String> entries) {
            Set<String> words = new HashSet<>();
            List<String> beginnings = new ArrayList<>();
            for (String entry : entries) {
                if (entry.endsWith("*")) {
                    beginnings.add(entry.substring(0, entry.length() - 1));
                } else if (FailureToken.isStatusClass(entry)) {
                    beginnings.add(entry.substring(0, 1));
                } else {
                    words.add(entry);
                }
            }
            return new Tokens(words, List.copyOf(beginnings));
        }

        boolean contain(String token) {
            if (words.contains(token)) {
                return true;
            }
            for (int i = 0; i < beginnings.size(); i++) {
                if (token.startsWith(beginnings.get(i))) {
                    return true;
                }
            }
            return false;
        }
    }
}
