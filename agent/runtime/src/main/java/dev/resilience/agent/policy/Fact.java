package dev.resilience.agent.policy;

import dev.resilience.agent.policy.Condition.Asked;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Something a condition can ask of a call. */
@SuppressWarnings("ImmutableEnumChecker") // nothing of it changes, whatever its types could do
enum Fact {
    HEADER(Kind.NAMED, false, Glob::pool, Protocol.HTTP),
    METADATA(Kind.NAMED, false, Glob::pool, Protocol.GRPC),
    QUERY(Kind.PRESENCE, false, Glob::pool, Protocol.HTTP),
    PATH(Kind.PLAIN, false, Glob::path, Protocol.HTTP),
    METHOD(Kind.PLAIN, true, Glob::method, Protocol.HTTP, Protocol.GRPC),
    HOST(Kind.PLAIN, true, Glob::host, Protocol.HTTP),
    VERB(Kind.PLAIN, true, Glob::method, Protocol.JDBC),
    /** Any of the tables that a statement names. */
    TABLE(Kind.PLAIN, true, Glob::host, Protocol.JDBC),
    /** Each of the tables that a statement names, of which there must be one. */
    TABLES(Kind.PLAIN, true, Glob::host, Protocol.JDBC);

    private enum Kind {
        PLAIN,
        /** With a name in parentheses. */
        NAMED,
        /** With a name, and without a value that could be compared. */
        PRESENCE
    }

    private final String text = name().toLowerCase(Locale.ROOT);
    private final Kind kind;
    private final boolean ignoresCase;
    private final Function<String, Glob> pattern;
    private final Set<Protocol> protocols = EnumSet.noneOf(Protocol.class);

    Fact(Kind kind, boolean ignoresCase, Function<String, Glob> pattern, Protocol... protocols) {
        this.kind = kind;
        this.ignoresCase = ignoresCase;
        this.pattern = pattern;
        this.protocols.addAll(List.of(protocols));
    }

    static @Nullable Fact of(String word) {
        for (Fact fact : values()) {
            if (fact.text.equals(word)) {
                return fact;
            }
        }
        return null;
    }

    /** The word in a condition. */
    String text() {
        return text;
    }

    boolean isNamed() {
        return kind != Kind.PLAIN;
    }

    boolean hasValue() {
        return kind != Kind.PRESENCE;
    }

    /** The protocols whose calls have it. */
    Set<Protocol> protocols() {
        return protocols;
    }

    Texts texts(List<String> written) {
        return Texts.of(written, ignoresCase);
    }

    Glob pattern(String written) {
        return pattern.apply(written);
    }

    Truth test(Asked call, String name, Texts texts) {
        return switch (this) {
            case HEADER -> present(call.facts().header(name), texts);
            case METADATA -> present(call.facts().metadata(name), texts);
            case QUERY -> Truth.of(QueryNames.contain(call.facts().query(), name));
            case PATH -> known(call.facts().path(), texts);
            case METHOD -> known(call.facts().method(), texts);
            case HOST -> known(call.facts().host(), texts);
            case VERB -> known(call.sql() == null ? null : call.sql().verb(), texts);
            case TABLE, TABLES -> tables(call.sql(), texts);
        };
    }

    /** What is not there is no text at all: not this one, and different from all. */
    private static Truth present(@Nullable String value, Texts texts) {
        return Truth.of(value != null && texts.contain(value));
    }

    /** Every call has one, so that null says that nobody knows. */
    private static Truth known(@Nullable String value, Texts texts) {
        return value == null ? Truth.UNKNOWN : Truth.of(texts.contain(value));
    }

    private Truth tables(@Nullable SqlNames sql, Texts texts) {
        List<String> tables = sql == null ? null : sql.tables();
        if (tables == null) {
            return Truth.UNKNOWN;
        }
        if (texts.isAny()) {
            return Truth.of(!tables.isEmpty());
        }
        Truth some = Truth.FALSE;
        Truth all = Truth.of(!tables.isEmpty());
        for (int i = 0; i < tables.size(); i++) {
            Truth next = table(tables.get(i), texts);
            some = some == Truth.TRUE || next == Truth.FALSE ? some : next;
            all = all == Truth.FALSE || next == Truth.TRUE ? all : next;
        }
        return this == TABLE ? some : all;
    }

    /** Whoever writes {@code orders} means it in any schema; nobody knows in which schema a bare {@code orders} is. */
    private static Truth table(String name, Texts texts) {
        String part = name;
        for (int dots = Texts.dots(name); dots >= 0; dots--) {
            if (texts.contain(part)) {
                return Truth.TRUE;
            }
            part = part.substring(part.indexOf('.') + 1);
        }
        return texts.mostDots() > Texts.dots(name) ? Truth.UNKNOWN : Truth.FALSE;
    }

    /** How a name in parentheses is looked for. */
    String name(String written) {
        return this == METADATA ? written.toLowerCase(Locale.ROOT) : written;
    }
}
