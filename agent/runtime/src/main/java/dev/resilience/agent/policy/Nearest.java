package dev.resilience.agent.policy;

import java.util.Collection;
import org.jspecify.annotations.Nullable;

/** The known word that a mistyped one most likely means. */
final class Nearest {
    private static final int FARTHEST = 3;

    /** Null when none is near. A known name under the wrong parent is as near as one typing error. */
    static @Nullable String to(String word, Collection<String> known) {
        String last = lastPart(word);
        String parent = parent(word);
        String nearest = null;
        int least = Math.min(FARTHEST, Math.max(1, last.length() / 3)) + 1;
        for (String candidate : known) {
            int distance = least;
            if (parent(candidate).equals(parent)) {
                distance = distance(last, lastPart(candidate));
            } else if (lastPart(candidate).equals(last)) {
                distance = 1;
            }
            if (distance < least) {
                least = distance;
                nearest = candidate;
            }
        }
        return nearest;
    }

    private static String lastPart(String key) {
        return key.substring(key.lastIndexOf('.') + 1);
    }

    private static String parent(String key) {
        return key.substring(0, key.lastIndexOf('.') + 1);
    }

    /** Insertions, deletions, replacements and swaps of neighbours. */
    static int distance(String left, String right) {
        int[] older = new int[right.length() + 1];
        int[] old = new int[right.length() + 1];
        int[] row = new int[right.length() + 1];
        for (int j = 0; j <= right.length(); j++) {
            old[j] = j;
        }
        for (int i = 1; i <= left.length(); i++) {
            row[0] = i;
            for (int j = 1; j <= right.length(); j++) {
                boolean same = left.charAt(i - 1) == right.charAt(j - 1);
                row[j] = Math.min(Math.min(row[j - 1], old[j]) + 1, old[j - 1] + (same ? 0 : 1));
                boolean swapped = i > 1
                        && j > 1
                        && left.charAt(i - 1) == right.charAt(j - 2)
                        && left.charAt(i - 2) == right.charAt(j - 1);
                if (swapped) {
                    row[j] = Math.min(row[j], older[j - 2] + 1);
                }
            }
            int[] free = older;
            older = old;
            old = row;
            row = free;
        }
        return old[right.length()];
    }

    private Nearest() {}
}
