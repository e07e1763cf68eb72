package dev.resilience.agent.policy;

import dev.resilience.instrumentation.api.RequestFacts;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What must be so of a call for something to be done: a {@code when} of the configuration. */
public final class Condition {
    /*
     * A tree of bounded size over facts of the call, without variables, loops or recursion: evaluation visits each node
     * once at most, so it always ends. There are three truths, as a fact may not be known: one of another protocol, or
     * what a statement that the scanner does not understand reads. Whatever is said about it is then unknown as well,
     * "not" included, and only what is known to be true holds.
     */
    private final String text;
    private final Term root;
    private final Set<Protocol> protocols;
    private final boolean readsSql;

    Condition(String text, Term root) {
        this.text = text;
        this.root = root;
        this.protocols = EnumSet.noneOf(Protocol.class);
        for (Protocol protocol : Protocol.values()) {
            if (root.canBe(true, protocol)) {
                protocols.add(protocol);
            }
        }
        this.readsSql = root.readsSql();
    }

    /** Reads the value of this key; a mistake is a {@link BadValue} with its position and what would be right. */
    static Condition parse(String key, String text) {
        return new ConditionParser(key, text).parse();
    }

    /** The protocols of which some call can meet it; never none. */
    public Set<Protocol> protocols() {
        return Set.copyOf(protocols);
    }

    /** Verifies that some call that a policy guards can meet it. */
    void requireFor(String key, Predicate<Protocol> guarded) {
        List<String> served = new ArrayList<>();
        for (Protocol protocol : Protocol.values()) {
            if (guarded.test(protocol)) {
                if (protocols.contains(protocol)) {
                    return;
                }
                served.add(protocol.text());
            }
        }
        throw new BadValue(
                key,
                "a condition that a call can meet: this one is of " + words(protocols) + ", and the policy guards "
                        + String.join(" and ", served));
    }

    private static String words(Set<Protocol> protocols) {
        return protocols.stream().map(Protocol::text).collect(Collectors.joining(" and "));
    }

    /** Whether the call is known to meet it. Throws only what {@code facts} throws. */
    public boolean holds(Protocol protocol, RequestFacts facts) {
        if (!protocols.contains(protocol)) {
            return false;
        }
        return root.test(new Asked(protocol, facts, sql(facts))) == Truth.TRUE;
    }

    /** Whether the scanner does not understand all that the condition asks of this call's statement. */
    public boolean isUnsure(RequestFacts facts) {
        SqlNames names = sql(facts);
        return names != null && (names.verb() == null || names.tables() == null);
    }

    private @Nullable SqlNames sql(RequestFacts facts) {
        String sql = readsSql ? facts.sql() : null;
        return sql == null ? null : SqlNames.of(sql);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Condition that && text.equals(that.text);
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }

    /** As it was written. */
    @Override
    public String toString() {
        return text;
    }

    /** A call, as one evaluation sees it. */
    record Asked(
            Protocol protocol, RequestFacts facts, @Nullable SqlNames sql) {}

    /** A node of the tree. */
    sealed interface Term {
        Truth test(Asked call);

        /** Whether it can have this truth for some call of this protocol, for all that its kind of fact says. */
        boolean canBe(boolean truth, Protocol protocol);

        boolean readsSql();
    }

    /**
     * Two or more, of which one decides by this truth, and else all of them by the other.
     *
     * @param decisive FALSE where all have to hold, TRUE where one is enough
     */
    record Joined(List<Term> terms, Truth decisive) implements Term {
        static Joined all(List<Term> terms) {
            return new Joined(List.copyOf(terms), Truth.FALSE);
        }

        static Joined any(List<Term> terms) {
            return new Joined(List.copyOf(terms), Truth.TRUE);
        }

        @Override
        public Truth test(Asked call) {
            Truth joined = decisive.not();
            for (int i = 0; i < terms.size(); i++) {
                Truth next = terms.get(i).test(call);
                if (next == decisive) {
                    return decisive;
                }
                joined = next == Truth.UNKNOWN ? Truth.UNKNOWN : joined;
            }
            return joined;
        }

        @Override
        public boolean canBe(boolean truth, Protocol protocol) {
            return Truth.of(truth) == decisive
                    ? terms.stream().anyMatch(term -> term.canBe(truth, protocol))
                    : terms.stream().allMatch(term -> term.canBe(truth, protocol));
        }

        @Override
        public boolean readsSql() {
            return terms.stream().anyMatch(Term::readsSql);
        }
    }

    record Not(Term term) implements Term {
        @Override
        public Truth test(Asked call) {
            return term.test(call).not();
        }

        @Override
        public boolean canBe(boolean truth, Protocol protocol) {
            return term.canBe(!truth, protocol);
        }

        @Override
        public boolean readsSql() {
            return term.readsSql();
        }
    }

    /** One fact, and what it is compared with; whether it is there at all for {@link Texts#ANY}. */
    record Comparison(Fact fact, String name, Texts texts) implements Term {
        @Override
        public Truth test(Asked call) {
            return fact.protocols().contains(call.protocol) ? fact.test(call, name, texts) : Truth.UNKNOWN;
        }

        @Override
        public boolean canBe(boolean truth, Protocol protocol) {
            return fact.protocols().contains(protocol);
        }

        @Override
        public boolean readsSql() {
            return fact.protocols().contains(Protocol.JDBC);
        }
    }
}
