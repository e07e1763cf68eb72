package dev.resilience.agent.target;

/**
 * The route of a path: the path with the identifiers in it folded to {@code {id}}, so that one breaker covers
 * {@code /orders/17} and {@code /orders/18}. Hashes and compares a path with a route without making it.
 */
public final class Route {
    /*
     * A segment of a template is a word somebody chose: letters, perhaps a short number. What nobody chooses is an id:
     * numbers, with an extension or a verb behind them or not; five digits or more in all, which dates and numbered
     * codes have; hexadecimal; text that changes between upper case, lower case and digits again and again; long text
     * with digits inside; and what a template cannot hold, escapes and addresses. Too coarse is better than too fine:
     * routes that are one by mistake share a breaker, while ids that are not seen use up the host's routes.
     *
     * Parameters of a segment (;jsessionid=...) are no part of a route. They may also be secret.
     */
    /** Longer ones are no templates, and would make a target as large as its caller likes. */
    public static final int LONGEST = 256;

    private static final String ID = "{id}";
    private static final int MANY_DIGITS = 5;
    private static final int SOME_DIGITS = 3;
    private static final int SHORTEST_HEX = 7;
    private static final int SHORTEST_MIXED = 9;
    private static final int SHORTEST_LETTERS = 16;
    private static final int LONG = 20;

    /** The route as text. */
    public static String of(String path) {
        StringBuilder route = new StringBuilder(path.length());
        int start = 0;
        while (start <= path.length()) {
            int end = endOfSegment(path, start);
            int written = endOfName(path, start, end);
            if (isId(path, start, written)) {
                route.append(ID);
            } else {
                route.append(path, start, written);
            }
            if (end < path.length()) {
                route.append('/');
            }
            start = end + 1;
        }
        return route.toString();
    }

    /** The hash of {@code of(path)}, without making it. */
    public static int hash(String path) {
        int hash = 0;
        int start = 0;
        while (start <= path.length()) {
            int end = endOfSegment(path, start);
            int written = endOfName(path, start, end);
            if (isId(path, start, written)) {
                hash = hash(hash, ID, 0, ID.length());
            } else {
                hash = hash(hash, path, start, written);
            }
            if (end < path.length()) {
                hash = 31 * hash + '/';
            }
            start = end + 1;
        }
        return hash;
    }

    /** Whether {@code route} equals {@code of(path)}, without making it. */
    public static boolean matches(String route, String path) {
        int at = 0;
        int start = 0;
        while (start <= path.length()) {
            int end = endOfSegment(path, start);
            int written = endOfName(path, start, end);
            boolean id = isId(path, start, written);
            int length = id ? ID.length() : written - start;
            if (!route.regionMatches(at, id ? ID : path, id ? 0 : start, length)) {
                return false;
            }
            at += length;
            if (end < path.length()) {
                if (at >= route.length() || route.charAt(at) != '/') {
                    return false;
                }
                at++;
            }
            start = end + 1;
        }
        return at == route.length();
    }

    private static int hash(int seed, String text, int start, int end) {
        int hash = seed;
        for (int i = start; i < end; i++) {
            hash = 31 * hash + text.charAt(i);
        }
        return hash;
    }

    private static int endOfSegment(String path, int start) {
        int slash = path.indexOf('/', start);
        return slash < 0 ? path.length() : slash;
    }

    private static int endOfName(String path, int start, int end) {
        for (int i = start; i < end; i++) {
            if (path.charAt(i) == ';') {
                return i;
            }
        }
        return end;
    }

    private static boolean isId(String path, int start, int end) {
        int digits = 0;
        int hexLetters = 0;
        int changes = 0;
        int inside = 0;
        Kind before = Kind.OTHER;
        for (int i = start; i < end; i++) {
            char c = path.charAt(i);
            if (c == '%' || c == '@') {
                return true;
            }
            Kind kind = Kind.of(c);
            if (kind == Kind.DIGIT) {
                digits++;
            } else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')) {
                hexLetters++;
            }
            if (kind != before && kind != Kind.OTHER && before != Kind.OTHER) {
                changes++;
                inside += before == Kind.DIGIT ? 1 : 0;
            }
            before = kind;
        }
        int length = end - start;
        if (digits == 0) {
            return length >= SHORTEST_LETTERS && isMixed(changes, length);
        }
        return digits >= MANY_DIGITS
                || digits == length
                || (length >= SHORTEST_HEX && digits + hexLetters == length)
                || (length >= SHORTEST_MIXED && isMixed(changes, length))
                || (length >= LONG && (digits >= SOME_DIGITS || inside > 0))
                || isNumbered(path, start, end);
    }

    /** Words in camel case change twice for each word; random text changes at every other character. */
    private static boolean isMixed(int changes, int length) {
        return 5 * changes >= 2 * length;
    }

    /** A number with an extension or a verb: {@code 17.png}, {@code 17:cancel}. */
    private static boolean isNumbered(String path, int start, int end) {
        int i = start;
        while (i < end && Kind.of(path.charAt(i)) == Kind.DIGIT) {
            i++;
        }
        if (i == start || i == end || (path.charAt(i) != '.' && path.charAt(i) != ':')) {
            return false;
        }
        for (int rest = i + 1; rest < end; rest++) {
            Kind kind = Kind.of(path.charAt(rest));
            if (kind != Kind.LOWER && kind != Kind.UPPER) {
                return false;
            }
        }
        return i + 1 < end;
    }

    /** What changes in random text, and seldom in words. */
    private enum Kind {
        LOWER,
        UPPER,
        DIGIT,
        OTHER;

        static Kind of(char c) {
            if (c >= 'a' && c <= 'z') {
                return LOWER;
            }
            if (c >= '0' && c <= '9') {
                return DIGIT;
            }
            return c >= 'A' && c <= 'Z' ? UPPER : OTHER;
        }
    }

    private Route() {}
}
