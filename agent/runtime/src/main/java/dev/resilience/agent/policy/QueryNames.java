package dev.resilience.agent.policy;

import org.jspecify.annotations.Nullable;

/** The names in a query of HTTP, without their values. */
final class QueryNames {

    /** Whether a parameter of this name is in the query, given as it was sent. One pass, nothing allocated. */
    static boolean contain(@Nullable String query, String name) {
        if (query == null) {
            return false;
        }
        int at = 0;
        while (at <= query.length()) {
            int end = query.indexOf('&', at);
            end = end < 0 ? query.length() : end;
            if (begins(query, at, end, name)) {
                return true;
            }
            at = end + 1;
        }
        return false;
    }

    /** Whether the parameter from here to there has this name, its escapes read as bytes of UTF-8. */
    private static boolean begins(String query, int from, int to, String name) {
        int at = from;
        int expected = 0;
        while (at < to && query.charAt(at) != '=') {
            if (expected >= name.length()) {
                return false;
            }
            int codePoint = name.codePointAt(expected);
            char next = query.charAt(at);
            if (next == '%') {
                int length = escaped(query, at, to, codePoint);
                if (length == 0) {
                    return false;
                }
                at += length;
            } else if (next == '+' ? codePoint == ' ' : query.codePointAt(at) == codePoint) {
                at += Character.charCount(next == '+' ? next : codePoint);
            } else {
                return false;
            }
            expected += Character.charCount(codePoint);
        }
        return expected == name.length();
    }

    /** How long the escapes are that stand for this code point here; 0 if something else does. */
    private static int escaped(String query, int from, int to, int codePoint) {
        int bytes = codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
        if (from + 3 * bytes > to) {
            return 0;
        }
        for (int i = 0; i < bytes; i++) {
            int shift = 6 * (bytes - 1 - i);
            int lead = bytes == 1 ? 0 : i > 0 ? 0x80 : (0xF0 << (4 - bytes)) & 0xFF;
            int mask = bytes == 1 ? 0x7F : i > 0 ? 0x3F : 0xFF >> (bytes + 1);
            int at = from + 3 * i;
            int high = Character.digit(query.charAt(at + 1), 16);
            int low = Character.digit(query.charAt(at + 2), 16);
            if (query.charAt(at) != '%'
                    || high < 0
                    || low < 0
                    || ((high << 4) | low) != (lead | ((codePoint >> shift) & mask))) {
                return 0;
            }
        }
        return 3 * bytes;
    }

    private QueryNames() {}
}
