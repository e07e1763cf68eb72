package dev.resilience.agent.fallback;

import java.time.Duration;
import java.util.List;
import java.util.Locale;

/**
 * Which good answers a policy keeps, to give them when there is no other.
 *
 * @param maxAge how old an answer may be at most; what the answer itself says of its age may forbid more
 * @param maxBytes what all answers kept for the policy may take of the heap
 * @param shared whether one caller may be given what another got, where the answer allows it
 * @param keyHeaders further request headers that tell callers apart, by any case of their names
 */
public record SnapshotRule(Duration maxAge, long maxBytes, boolean shared, List<String> keyHeaders) {
    public static final long DEFAULT_MAX_BYTES = 16L << 20;

    public static final Duration LONGEST = Duration.ofDays(365);
    public static final long FEWEST_BYTES = 64L << 10;
    private static final int SHARE_OF_ONE = 8;

    public SnapshotRule {
        require(!maxAge.isNegative() && !maxAge.isZero(), "max-age must be positive", maxAge);
        require(maxAge.compareTo(LONGEST) <= 0, "max-age must be 365 days at most", maxAge);
        require(maxBytes >= FEWEST_BYTES, "max-bytes must be 64 KiB at least", maxBytes);
        keyHeaders = keyHeaders.stream()
                .map(name -> name.toLowerCase(Locale.ROOT))
                .distinct()
                .sorted()
                .toList();
        require(
                keyHeaders.stream().allMatch(SnapshotRule::isHeader),
                "key-headers must be names of headers",
                keyHeaders);
    }

    /** Whether a header can have this name. */
    public static boolean isHeader(String name) {
        return Fields.isName(name);
    }

    /** What one answer may take: one that is larger would drive out too many others. */
    public int mostBytesOfOne() {
        return (int) Math.min(Integer.MAX_VALUE / 2, maxBytes / SHARE_OF_ONE);
    }

    private static void require(boolean valid, String rule, Object actual) {
        if (!valid) {
            throw new IllegalArgumentException(rule + ", was " + actual);
        }
    }
}
