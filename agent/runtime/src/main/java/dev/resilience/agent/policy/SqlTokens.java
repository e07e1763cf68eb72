package dev.resilience.agent.policy;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A statement cut into words, quoted names, signs and values, for no dialect in particular. */
final class SqlTokens {
    /*
     * Nobody says which dialect it is. So where dialects disagree on where a string, a name or a comment ends, the whole
     * statement is not understood: a quote after a backslash, a comment in a comment, "--" with no space behind it, "#",
     * a comment that MySQL runs. What ends at one place whoever reads it is skipped, however it is written.
     */
    enum Kind {
        /** In upper case: a keyword, or a name without quotes. */
        WORD,
        NAME,
        SIGN,
        /** A number, a string, a parameter. */
        VALUE
    }

    /**
     * @param text of a word in upper case, of a name without its quotes, of a value nothing
     * @param written of a word as it was written
     */
    record Token(Kind kind, String text, String written) {
        boolean is(String word) {
            return (kind == Kind.WORD || kind == Kind.SIGN) && text.equals(word);
        }
    }

    private static final class NotUnderstood extends RuntimeException {
        NotUnderstood() {
            super("dialects disagree", null, false, false);
        }
    }

    /** A statement that is longer is a load of data, not one that somebody wrote a rule for. */
    private static final int LONGEST = 1 << 16;

    private final String sql;
    private final List<Token> tokens = new ArrayList<>();
    private int at;

    private SqlTokens(String sql) {
        this.sql = sql;
    }

    /** Null if it is not understood. */
    static @Nullable List<Token> of(String sql) {
        if (sql.length() > LONGEST) {
            return null;
        }
        try {
            SqlTokens scanner = new SqlTokens(sql);
            scanner.scan();
            return scanner.tokens;
        } catch (NotUnderstood dialects) {
            return null;
        }
    }

    private void scan() {
        while (at < sql.length()) {
            char next = sql.charAt(at);
            if (Character.isWhitespace(next) || next == '\uFEFF') {
                at++;
            } else if (next == '-' && peek(1) == '-') {
                lineComment();
            } else if (next == '/' && peek(1) == '*') {
                comment();
            } else if (next == '\'') {
                string(false);
            } else if (next == '"' || next == '`') {
                name(next);
            } else if (next == '[' && !isSubscript()) {
                name(']');
            } else if (next == '$') {
                dollar();
            } else if (next >= '0' && next <= '9') {
                number();
            } else if (isWord(next)) {
                word();
            } else if (next == '?') {
                value();
            } else if (next == ':' || next == '@') {
                parameter(next);
            } else {
                require(next != '#' && next != '\\' && !Character.isISOControl(next));
                sign(next);
            }
        }
    }

    private void lineComment() {
        char behind = peek(2);
        require(behind == 0 || Character.isWhitespace(behind));
        while (at < sql.length() && sql.charAt(at) != '\n' && sql.charAt(at) != '\r') {
            at++;
        }
    }

    private void comment() {
        char behind = peek(2);
        require(behind != '!' && !(behind == 'M' && peek(3) == '!'));
        int end = sql.indexOf("*/", at + 2);
        int inner = sql.indexOf("/*", at + 2);
        require(end >= 0 && (inner < 0 || inner > end));
        at = end + 2;
    }

    /** From its first quote on; a backslash escapes a quote in some dialects only, unless the string says so itself. */
    private void string(boolean escapes) {
        int backslashes = 0;
        at++;
        while (at < sql.length()) {
            char next = sql.charAt(at);
            boolean isEscaped = backslashes % 2 == 1;
            backslashes = next == '\\' ? backslashes + 1 : 0;
            if (next == '\'' && !isEscaped) {
                if (peek(1) != '\'') {
                    value();
                    return;
                }
                at++;
            }
            require(next != '\'' || !isEscaped || escapes);
            at++;
        }
        throw new NotUnderstood();
    }

    private void name(char quote) {
        StringBuilder name = new StringBuilder();
        at++;
        while (at < sql.length()) {
            char next = sql.charAt(at);
            require(next != '\\');
            if (next == quote) {
                if (peek(1) != quote) {
                    named(quote, name.toString());
                    return;
                }
                at++;
            }
            name.append(next);
            at++;
        }
        throw new NotUnderstood();
    }

    private void named(char quote, String name) {
        require(quote != ']' || name.chars().noneMatch(c -> "'\"`()[".indexOf(c) >= 0));
        tokens.add(new Token(Kind.NAME, name, name));
        at++;
    }

    /** Whether a bracket follows on what can be an array: right behind it. */
    private boolean isSubscript() {
        if (tokens.isEmpty()) {
            return false;
        }
        Token last = tokens.get(tokens.size() - 1);
        if (last.is("ARRAY") || last.is("[")) {
            return true;
        }
        char before = sql.charAt(at - 1);
        return isWord(before) || before == ')' || before == ']' || before == '"' || before == '`' || before == '\'';
    }

    private void dollar() {
        if (isDigit(peek(1))) {
            at++;
            number();
            return;
        }
        int end = at + 1;
        while (end < sql.length() && isWord(sql.charAt(end)) && sql.charAt(end) != '$') {
            end++;
        }
        require(end < sql.length() && sql.charAt(end) == '$');
        String tag = sql.substring(at, end + 1);
        int close = sql.indexOf(tag, end + 1);
        require(close >= 0);
        at = close + tag.length() - 1;
        value();
    }

    /** It ends where the letters of a word begin: {@code 1FROM} is two tokens. */
    private void number() {
        char kind = sql.charAt(at) == '0' ? lower(peek(1)) : 0;
        if ((kind == 'x' || kind == 'b' || kind == 'o') && Character.digit(peek(2), 16) >= 0) {
            at += 2;
            skipDigits(16);
        } else {
            skipDigits(10);
            if (peek(0) == '.') {
                at++;
                skipDigits(10);
            }
            boolean hasSign = peek(1) == '+' || peek(1) == '-';
            if (lower(peek(0)) == 'e' && isDigit(peek(hasSign ? 2 : 1))) {
                at += hasSign ? 2 : 1;
                skipDigits(10);
            }
        }
        tokens.add(new Token(Kind.VALUE, "", ""));
    }

    private void skipDigits(int radix) {
        while (Character.digit(peek(0), radix) >= 0 || (peek(0) == '_' && Character.digit(peek(1), radix) >= 0)) {
            at++;
        }
    }

    private static char lower(char letter) {
        return letter >= 'A' && letter <= 'Z' ? (char) (letter - 'A' + 'a') : letter;
    }

    private void word() {
        int from = at;
        while (at < sql.length() && isWord(sql.charAt(at))) {
            at++;
        }
        String written = sql.substring(from, at);
        String word = upper(written);
        if (at < sql.length() && sql.charAt(at) == '\'') {
            require(!word.equals("Q") && !word.equals("NQ"));
            string(word.equals("E"));
            return;
        }
        require(!word.equals("U") || peek(0) != '&' || (peek(1) != '"' && peek(1) != '\''));
        tokens.add(new Token(Kind.WORD, word, written));
    }

    /** Letters of English alone: the keywords, wherever the process thinks it is. */
    private static String upper(String text) {
        StringBuilder upper = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char next = text.charAt(i);
            upper.append(next >= 'a' && next <= 'z' ? (char) (next - 'a' + 'A') : next);
        }
        return upper.toString();
    }

    private void parameter(char first) {
        if (first == ':' && peek(1) == ':') {
            at++;
            sign(first);
            return;
        }
        at++;
        while (peek(0) == '@') {
            at++;
        }
        if (!isWord(peek(0))) {
            tokens.add(new Token(Kind.SIGN, String.valueOf(first), ""));
            return;
        }
        while (at < sql.length() && isWord(sql.charAt(at))) {
            at++;
        }
        tokens.add(new Token(Kind.VALUE, String.valueOf(first), ""));
    }

    private void sign(char sign) {
        tokens.add(new Token(Kind.SIGN, String.valueOf(sign), ""));
        at++;
    }

    private void value() {
        tokens.add(new Token(Kind.VALUE, "", ""));
        at++;
    }

    private char peek(int ahead) {
        return at + ahead < sql.length() ? sql.charAt(at + ahead) : 0;
    }

    private static boolean isDigit(char character) {
        return character >= '0' && character <= '9';
    }

    private static boolean isWord(char character) {
        return (character >= 'a' && character <= 'z')
                || (character >= 'A' && character <= 'Z')
                || isDigit(character)
                || character == '_'
                || character == '$'
                || character > 127;
    }

    private static void require(boolean isUnderstood) {
        if (!isUnderstood) {
            throw new NotUnderstood();
        }
    }
}
