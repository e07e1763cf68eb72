package dev.resilience.agent.policy;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Some texts: those written, or those a pattern matches.
 *
 * @param pattern null where texts are written, or for any text
 */
record Texts(List<String> written, @Nullable Glob pattern, boolean ignoresCase) {

    /** Every text. */
    static final Texts ANY = new Texts(List.of(), null, false);

    static Texts of(List<String> texts, boolean ignoresCase) {
        return new Texts(List.copyOf(texts), null, ignoresCase);
    }

    static Texts like(Glob pattern) {
        return new Texts(List.of(), pattern, false);
    }

    boolean isAny() {
        return pattern == null && written.isEmpty();
    }

    boolean contain(String text) {
        if (pattern != null) {
            return pattern.matches(text);
        }
        for (int i = 0; i < written.size(); i++) {
            if (ignoresCase
                    ? written.get(i).equalsIgnoreCase(text)
                    : written.get(i).equals(text)) {
                return true;
            }
        }
        return written.isEmpty();
    }

    /** The most dots in one of them, or in the pattern. */
    int mostDots() {
        int most = pattern == null ? 0 : dots(pattern.toString());
        for (String text : written) {
            most = Math.max(most, dots(text));
        }
        return most;
    }

    static int dots(String text) {
        int dots = 0;
        for (int at = text.indexOf('.'); at >= 0; at = text.indexOf('.', at + 1)) {
            dots++;
        }
        return dots;
    }
}
