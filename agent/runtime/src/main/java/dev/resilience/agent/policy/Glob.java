package dev.resilience.agent.policy;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A pattern over names: {@code *} is any text within one segment, {@code **} any text at all. */
public final class Glob {
    /*
     * The literal text before the first wildcard and after the last one is compared directly. What lies between them,
     * wildcards included, is a sequence of at most 63 tokens; the bits of one long are the states of its automaton (bit
     * n: the first n tokens are matched), all of them stepped at once for each character. So a match costs one pass over
     * the text whatever pattern and text are, allocates nothing, and never backtracks.
     */
    private static final int MOST_TOKENS = 63;
    private static final int ASCII = 128;

    private final String pattern;
    private final String separators;
    private final boolean ignoreCase;
    private final String prefix;
    private final String suffix;
    private final char[] tokens;
    private final long[] literals;
    private final long stars;
    private final long doubleStars;

    private Glob(String pattern, String separators, boolean ignoreCase) {
        this.pattern = pattern;
        this.separators = separators;
        this.ignoreCase = ignoreCase;
        String folded = ignoreCase ? fold(pattern) : pattern;
        int first = folded.indexOf('*');
        int last = folded.lastIndexOf('*');
        prefix = first < 0 ? folded : folded.substring(0, first);
        suffix = first < 0 ? "" : folded.substring(last + 1);
        String middle = first < 0 ? "" : folded.substring(first, last + 1);

        char[] kinds = new char[middle.length()];
        long single = 0;
        long any = 0;
        int count = 0;
        for (int at = 0; at < middle.length(); at++) {
            BadValue.require(
                    count < MOST_TOKENS, "", "a pattern with at most 63 characters from its first * to its last");
            if (middle.charAt(at) != '*') {
                kinds[count++] = middle.charAt(at);
                continue;
            }
            int run = at;
            while (at + 1 < middle.length() && middle.charAt(at + 1) == '*') {
                at++;
            }
            if (at > run || separators.isEmpty()) {
                any |= 1L << count;
            } else {
                single |= 1L << count;
            }
            kinds[count++] = '*';
        }
        tokens = Arrays.copyOf(kinds, count);
        stars = single;
        doubleStars = any;
        literals = new long[count > 1 ? ASCII : 0];
        for (int token = 0; token < count; token++) {
            if (tokens[token] < ASCII && tokens[token] != '*') {
                literals[tokens[token]] |= 1L << token;
            }
        }
    }

    /** Whether it stands for one name only. */
    boolean isLiteral() {
        return pattern.indexOf('*') < 0;
    }

    /** Over host names: segments end at dots, case does not count. */
    public static Glob host(String pattern) {
        return new Glob(pattern, ".", true);
    }

    /** Over paths: segments end at slashes. */
    public static Glob path(String pattern) {
        return new Glob(pattern, "/", false);
    }

    /** Over authorities and channel targets: segments end at dots, colons and slashes, case does not count. */
    public static Glob authority(String pattern) {
        return new Glob(pattern, ".:/", true);
    }

    /** Over gRPC service names: segments end at dots. */
    public static Glob service(String pattern) {
        return new Glob(pattern, ".", false);
    }

    /** Over methods of gRPC with their service, as {@code shop.Stock/Get}: segments end at dots and slashes. */
    public static Glob rpc(String pattern) {
        return new Glob(pattern, "./", false);
    }

    /** Over JDBC URLs: segments end at slashes. */
    public static Glob url(String pattern) {
        return new Glob(pattern, "/", false);
    }

    /** Over names of pools, which have no segments: both wildcards mean the same. */
    public static Glob pool(String pattern) {
        return new Glob(pattern, "", false);
    }

    /** Over methods, which have no segments; case does not count. */
    public static Glob method(String pattern) {
        return new Glob(pattern, "", true);
    }

    public boolean matches(String text) {
        int end = text.length() - suffix.length();
        if (end < prefix.length()
                || !text.regionMatches(ignoreCase, 0, prefix, 0, prefix.length())
                || !text.regionMatches(ignoreCase, end, suffix, 0, suffix.length())) {
            return false;
        }
        return tokens.length == 0 ? end == prefix.length() : between(text, prefix.length(), end);
    }

    private boolean between(String text, int from, int to) {
        if (tokens.length == 1 && doubleStars == 1) {
            return true;
        }
        long wild = stars | doubleStars;
        long states = 0b11; // nothing matched yet, and the wildcard at the front matched by nothing
        for (int at = from; at < to && states != 0; at++) {
            char next = text.charAt(at);
            long step = (states & literals(next)) << 1 | (states & doubleStars);
            if (separators.indexOf(next) < 0) {
                step |= states & stars;
            }
            states = step | ((step & wild) << 1);
        }
        return (states >>> tokens.length & 1) != 0;
    }

    private long literals(char text) {
        if (literals.length == 0) {
            return 0;
        }
        char folded = ignoreCase ? fold(text) : text;
        if (folded < ASCII) {
            return literals[folded];
        }
        long found = 0;
        for (int token = 0; token < tokens.length; token++) {
            if (tokens[token] == folded) {
                found |= 1L << token;
            }
        }
        return found;
    }

    private static String fold(String text) {
        StringBuilder folded = new StringBuilder(text.length());
        for (int at = 0; at < text.length(); at++) {
            folded.append(fold(text.charAt(at)));
        }
        return folded.toString();
    }

    /** Both ways, as {@link String#regionMatches} compares. */
    private static char fold(char text) {
        return Character.toLowerCase(Character.toUpperCase(text));
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Glob that
                && pattern.equals(that.pattern)
                && separators.equals(that.separators)
                && ignoreCase == that.ignoreCase;
    }

    @Override
    public int hashCode() {
        return pattern.hashCode();
    }

    /** The pattern as it was written. */
    @Override
    public String toString() {
        return pattern;
    }
}
