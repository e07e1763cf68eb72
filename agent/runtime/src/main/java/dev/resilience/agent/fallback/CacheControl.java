package dev.resilience.agent.fallback;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** The directives of a message's {@code Cache-Control}, all lines of it together. */
final class CacheControl {
    /** What {@link #seconds} says of a directive that is not there. */
    static final long ABSENT = -1;

    /** What {@link #seconds} says of a directive without a number, or with two. */
    static final long UNREADABLE = -2;

    private static final long MOST_SECONDS = 1L << 31;
    private static final String BARE = "\0"; // no value at all; no header can hold it
    private static final String TWO = "\0\0";

    private static final CacheControl NONE = new CacheControl();

    private final Map<String, String> directives = new TreeMap<>();
    private boolean readable = true;

    static CacheControl of(Fields fields) {
        List<String> lines = fields.all("Cache-Control");
        if (lines.isEmpty()) {
            return NONE;
        }
        CacheControl control = new CacheControl();
        for (String line : lines) {
            control.read(line);
        }
        return control;
    }

    /** False where nobody can say for sure which directives it has. */
    boolean isReadable() {
        return readable;
    }

    boolean has(String directive) {
        return directives.containsKey(directive);
    }

    boolean isBare(String directive) {
        return BARE.equals(directives.get(directive));
    }

    /** The directive's seconds, 2^31 at most; or {@link #ABSENT} or {@link #UNREADABLE}. */
    long seconds(String directive) {
        String value = directives.get(directive);
        return value == null ? ABSENT : secondsOf(value, UNREADABLE);
    }

    /** A number of seconds, 2^31 at most, or {@code otherwise}. */
    static long secondsOf(String text, long otherwise) {
        if (text.isEmpty()) {
            return otherwise;
        }
        long seconds = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < '0' || c > '9') {
                return otherwise;
            }
            seconds = Math.min(MOST_SECONDS, seconds * 10 + (c - '0'));
        }
        return seconds;
    }

    private void read(String line) {
        int at = 0;
        while (at < line.length()) {
            int end = endOfName(line, at);
            String name = line.substring(at, end).strip().toLowerCase(Locale.ROOT);
            String value = BARE;
            if (end < line.length() && line.charAt(end) == '=') {
                int from = end + 1;
                while (from < line.length() && isBlank(line.charAt(from))) {
                    from++;
                }
                boolean quoted = from < line.length() && line.charAt(from) == '"';
                StringBuilder text = new StringBuilder();
                end = quoted ? quoted(line, from + 1, text) : line.length();
                int comma = line.indexOf(',', quoted ? end : from);
                int stop = comma < 0 ? line.length() : comma;
                if (quoted) {
                    readable &= line.substring(end, stop).isBlank();
                    value = text.toString();
                } else {
                    value = line.substring(from, stop).strip();
                    readable &= value.indexOf('"') < 0;
                }
                end = stop;
            }
            add(name, value);
            at = end + 1;
        }
    }

    private void add(String name, String value) {
        if (name.isEmpty()) {
            readable &= value.equals(BARE); // an empty element is allowed, a value of nothing is not
            return;
        }
        readable &= Fields.isName(name);
        directives.merge(name, value, (known, other) -> known.equals(other) ? known : TWO);
    }

    private static int endOfName(String line, int from) {
        int end = from;
        while (end < line.length() && line.charAt(end) != ',' && line.charAt(end) != '=') {
            end++;
        }
        return end;
    }

    /** Reads on to the closing quote; returns what follows it. */
    private int quoted(String line, int from, StringBuilder into) {
        for (int at = from; at < line.length(); at++) {
            char c = line.charAt(at);
            if (c == '"') {
                return at + 1;
            }
            if (c == '\\' && at + 1 < line.length()) {
                at++;
            }
            into.append(line.charAt(at));
        }
        readable = false;
        return line.length();
    }

    private static boolean isBlank(char c) {
        return c == ' ' || c == '\t';
    }
}
