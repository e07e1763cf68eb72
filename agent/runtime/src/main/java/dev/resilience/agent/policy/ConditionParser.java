package dev.resilience.agent.policy;

import dev.resilience.agent.policy.Condition.Comparison;
import dev.resilience.agent.policy.Condition.Joined;
import dev.resilience.agent.policy.Condition.Not;
import dev.resilience.agent.policy.Condition.Term;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Reads one condition; a mistake says where it is, what would be right there, and what it follows. */
final class ConditionParser {
    /*
     *   condition  = all { "or" all }
     *   all        = one { "and" one }
     *   one        = "not" one | "(" condition ")" | "has" fact | fact comparison
     *   comparison = "==" text | "!=" text | "in" "(" text { "," text } ")" | "like" text
     *
     * By descent, as deep as parentheses and "not" are nested, which is bounded.
     */
    static final int LONGEST = 1000;
    static final int DEEPEST = 16;
    private static final int LONGEST_TEXT = 256;
    private static final int LONGEST_NAME = 64;

    /** How much of what is wrong a message repeats. */
    private static final int LONGEST_FOUND = 24;

    private static final String COMPARISONS = "==, !=, in or like";
    private static final String FACTS =
            Arrays.stream(Fact.values()).map(Fact::text).collect(Collectors.joining(", "));
    private static final String NAME_CHARACTERS = "!#$%&'*+-.^_`|~";

    private enum Kind {
        WORD,
        TEXT,
        SIGN,
        END
    }

    private final String key;
    private final String text;
    private int at;

    // the token that comes next, and what the one before was
    private Kind kind = Kind.END;
    private int start;
    private String token = "";
    private String before = "";

    ConditionParser(String key, String text) {
        this.key = key;
        this.text = text;
    }

    Condition parse() {
        BadValue.require(!text.isBlank(), key, "a condition, for example header(\"x-tier\") == \"gold\"");
        BadValue.require(text.length() <= LONGEST, key, "a condition of at most " + LONGEST + " characters");
        advance();
        Term root = any(0);
        if (kind != Kind.END) {
            throw expected("and, or or the end");
        }
        Condition condition = new Condition(text, root);
        BadValue.require(
                !condition.protocols().isEmpty(),
                key,
                "a condition that one call can meet: no protocol has all that this one asks for");
        return condition;
    }

    private Term any(int depth) {
        List<Term> terms = new ArrayList<>();
        terms.add(all(depth));
        while (skip("or")) {
            terms.add(all(depth));
        }
        return terms.size() == 1 ? terms.get(0) : Joined.any(terms);
    }

    private Term all(int depth) {
        List<Term> terms = new ArrayList<>();
        terms.add(one(depth));
        while (skip("and")) {
            terms.add(one(depth));
        }
        return terms.size() == 1 ? terms.get(0) : Joined.all(terms);
    }

    private Term one(int depth) {
        if (depth > DEEPEST) {
            throw wrong(start, "expected no more than " + DEEPEST + " parentheses and nots inside each other");
        }
        if (skip("not")) {
            return new Not(one(depth + 1));
        }
        if (skip("(")) {
            Term inner = any(depth + 1);
            require(")", "and, or or )");
            return inner;
        }
        if (skip("has")) {
            Fact fact = fact("one of " + FACTS);
            return new Comparison(fact, name(fact), Texts.ANY);
        }
        Fact fact = fact("not, (, has, or one of " + FACTS);
        int from = start;
        String name = name(fact);
        if (!fact.hasValue()) {
            throw wrong(from, "expected has before " + before + ", as values of a query are not compared");
        }
        return comparison(fact, name);
    }

    private Fact fact(String expected) {
        Fact fact = kind == Kind.WORD ? Fact.of(token) : null;
        if (fact == null) {
            throw expected(expected);
        }
        return fact;
    }

    /** What stands in the parentheses behind a fact; empty where nothing has to. */
    private String name(Fact fact) {
        advance();
        if (!fact.isNamed()) {
            return "";
        }
        require("(", "(\"...\")");
        int from = start;
        String name = text("a name in quotes");
        boolean isLegal = fact == Fact.QUERY
                ? !name.isEmpty()
                : !name.isEmpty() && name.chars().allMatch(ConditionParser::isNameCharacter);
        if (!isLegal || name.length() > LONGEST_NAME) {
            throw wrong(
                    from,
                    "expected a name of 1 to " + LONGEST_NAME + " letters, digits or signs that a " + fact.text()
                            + " can have");
        }
        if (fact == Fact.METADATA && name.endsWith("-bin")) {
            throw wrong(from, "expected a key of text: those that end in -bin hold bytes");
        }
        require(")", ")");
        before = fact.text() + "(\"" + name + "\")";
        return fact.name(name);
    }

    private static boolean isNameCharacter(int character) {
        return (character >= 'a' && character <= 'z')
                || (character >= 'A' && character <= 'Z')
                || (character >= '0' && character <= '9')
                || NAME_CHARACTERS.indexOf(character) >= 0;
    }

    private Term comparison(Fact fact, String name) {
        if (skip("==")) {
            return new Comparison(fact, name, fact.texts(List.of(value(fact))));
        }
        if (skip("!=")) {
            return new Not(new Comparison(fact, name, fact.texts(List.of(value(fact)))));
        }
        if (skip("like")) {
            return new Comparison(fact, name, Texts.like(pattern(fact)));
        }
        if (!skip("in")) {
            throw expected(COMPARISONS);
        }
        require("(", "(");
        List<String> values = new ArrayList<>();
        values.add(value(fact));
        while (skip(",")) {
            values.add(value(fact));
        }
        require(")", ", or )");
        return new Comparison(fact, name, fact.texts(values));
    }

    /** One that a call can have. */
    private String value(Fact fact) {
        int from = start;
        String value = text("a text in quotes");
        if (fact == Fact.PATH && !value.startsWith("/")) {
            throw wrong(from, "expected a path that starts with /");
        }
        if (fact == Fact.PATH && value.indexOf('?') >= 0) {
            throw wrong(from, "expected a path without its query");
        }
        if (fact == Fact.VERB && !SqlNames.isVerb(value)) {
            throw wrong(from, "expected a verb of SQL, one of " + String.join(", ", SqlNames.VERBS));
        }
        boolean isName = fact == Fact.METHOD || fact == Fact.HOST || fact == Fact.TABLE || fact == Fact.TABLES;
        if (isName && value.isBlank()) {
            throw wrong(from, "expected a name");
        }
        return value;
    }

    private Glob pattern(Fact fact) {
        int from = start;
        String written = text("a pattern in quotes");
        if (fact == Fact.PATH && !written.startsWith("/") && !written.startsWith("*")) {
            throw wrong(from, "expected a path that starts with / or *");
        }
        if (written.isEmpty()) {
            throw wrong(from, "expected a name or a pattern");
        }
        try {
            return fact.pattern(written);
        } catch (BadValue tooLong) {
            throw wrong(from, "expected " + tooLong.rule());
        }
    }

    private String text(String expected) {
        if (kind != Kind.TEXT) {
            throw expected(expected);
        }
        String value = token;
        if (value.length() > LONGEST_TEXT) {
            throw wrong(start, "expected a text of at most " + LONGEST_TEXT + " characters");
        }
        advance();
        return value;
    }

    private boolean skip(String expected) {
        if ((kind != Kind.WORD && kind != Kind.SIGN) || !token.equals(expected)) {
            return false;
        }
        advance();
        return true;
    }

    private void require(String sign, String expected) {
        if (!skip(sign)) {
            throw expected(expected);
        }
    }

    /** Reads the next token. */
    private void advance() {
        before = kind == Kind.END ? "" : shown();
        while (at < text.length() && isSpace(text.charAt(at))) {
            at++;
        }
        start = at;
        if (at == text.length()) {
            kind = Kind.END;
            token = "";
            return;
        }
        char first = text.charAt(at);
        if (first == '"' || first == '\'') {
            quoted(first);
        } else if (isWord(first)) {
            read(Kind.WORD, ConditionParser::isWord);
        } else if (first == '(' || first == ')' || first == ',') {
            kind = Kind.SIGN;
            token = String.valueOf(first);
            at++;
        } else {
            read(Kind.SIGN, ConditionParser::isSign);
        }
    }

    private void quoted(char quote) {
        int end = text.indexOf(quote, at + 1);
        if (end < 0) {
            throw wrong(start, "expected a second " + quote + " that ends what begins here");
        }
        for (int i = at + 1; i < end; i++) {
            if (Character.isISOControl(text.charAt(i))) {
                throw wrong(i, "expected a text without control characters");
            }
        }
        kind = Kind.TEXT;
        token = text.substring(at + 1, end);
        at = end + 1;
    }

    private void read(Kind read, Function<Character, Boolean> isPart) {
        while (at < text.length() && isPart.apply(text.charAt(at))) {
            at++;
        }
        kind = read;
        token = text.substring(start, at);
    }

    private static boolean isSpace(char character) {
        return character == ' ' || character == '\t' || character == '\n' || character == '\r';
    }

    private static boolean isWord(char character) {
        return Character.isLetterOrDigit(character) || character == '_' || character == '-' || character == '.';
    }

    private static boolean isSign(char character) {
        return !isSpace(character) && !isWord(character) && "\"'(),".indexOf(character) < 0;
    }

    private BadValue expected(String what) {
        String follows = before.isEmpty() ? "" : " after " + before;
        return wrong(start, "expected " + what + follows + ", found " + (kind == Kind.END ? "the end" : shown()));
    }

    private BadValue wrong(int position, String message) {
        return new BadValue(key, "a condition: at " + (position + 1) + ": " + message);
    }

    /** The token that comes next on one line, and not too long. */
    private String shown() {
        boolean isLong = token.length() > LONGEST_FOUND;
        StringBuilder shown = new StringBuilder();
        for (int i = 0; i < (isLong ? LONGEST_FOUND : token.length()); i++) {
            char next = token.charAt(i);
            shown.append(Character.isISOControl(next) || Character.isSurrogate(next) ? ' ' : next);
        }
        shown.append(isLong ? "..." : "");
        return kind == Kind.TEXT ? "\"" + shown + "\"" : shown.toString();
    }
}
