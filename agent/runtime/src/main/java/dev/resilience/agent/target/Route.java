package dev.resilience.agent.target;

/**
 * The route of a path: the path with the identifiers in it folded to {@code {id}}, so that one breaker covers
 * {@code /orders/17} and {@code /orders/18}. Hashes and compares a path with a route without making it.
 */
public final class Route {
    private static final String ID = "{id}";
    private static final int LONG_SEGMENT = 20;
    private static final int HEX_LENGTH = 8;
    private static final int UUID_LENGTH = 36;

    /** The route as text. */
    public static String of(String path) {
        StringBuilder route = new StringBuilder(path.length());
        int start = 0;
        while (start <= path.length()) {
            int end = endOfSegment(path, start);
            if (isId(path, start, end)) {
                route.append(ID);
            } else {
                route.append(path, start, end);
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
            if (isId(path, start, end)) {
                hash = hash(hash, ID, 0, ID.length());
            } else {
                hash = hash(hash, path, start, end);
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
            boolean id = isId(path, start, end);
            int length = id ? ID.length() : end - start;
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

    /** Numbers, UUIDs, hexadecimal of eight digits and more, and long segments that mix letters and digits. */
    private static boolean isId(String path, int start, int end) {
        int length = end - start;
        int digits = 0;
        int hexLetters = 0;
        int dashes = 0;
        for (int i = start; i < end; i++) {
            char c = path.charAt(i);
            if (c >= '0' && c <= '9') {
                digits++;
            } else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')) {
                hexLetters++;
            } else if (c == '-') {
                dashes++;
            }
        }
        if (digits == 0) {
            return false;
        }
        boolean hex = digits + hexLetters == length && length >= HEX_LENGTH;
        boolean uuid = length == UUID_LENGTH && dashes == 4 && digits + hexLetters == UUID_LENGTH - 4;
        return digits == length || hex || uuid || length >= LONG_SEGMENT;
    }

    private Route() {}
}
