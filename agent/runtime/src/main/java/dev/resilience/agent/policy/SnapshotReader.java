package dev.resilience.agent.policy;

import static dev.resilience.agent.policy.BadValue.require;

import dev.resilience.agent.fallback.SnapshotRule;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Verifies what a policy says below {@code fallback.snapshot}. */
final class SnapshotReader {
    private static final String SNAPSHOT = "fallback.snapshot";
    private static final String MAX_AGE = SNAPSHOT + ".max-age";
    private static final String MAX_BYTES = SNAPSHOT + ".max-bytes";
    private static final String SHARED = SNAPSHOT + ".shared";
    private static final String KEY_HEADERS = SNAPSHOT + ".key-headers";
    private static final String NAMES_RULE = "the name of a header, or a list of them";
    private static final List<String> UNITS = List.of("KiB", "MiB", "GiB");
    private static final String BYTES_RULE = "64KiB to 1GiB, with the unit (KiB, MiB, GiB), for example 16MiB";
    private static final long MOST_BYTES = 1L << 30;
    private static final Pattern BYTES = Pattern.compile("([0-9]{1,9})(KiB|MiB|GiB)");

    private final PolicyReader policy;

    SnapshotReader(PolicyReader policy) {
        this.policy = policy;
    }

    /** Null where nothing can be kept. */
    Link.@Nullable Snapshot read(Match match) {
        Set<Protocol> protocols = EnumSet.noneOf(Protocol.class);
        for (Protocol protocol : List.of(Protocol.HTTP, Protocol.GRPC)) {
            if (match.serves(protocol)) {
                protocols.add(protocol);
            }
        }
        if (protocols.isEmpty()) {
            if (policy.inheritsFallback()) {
                return null; // rows are kept where a policy says so of statements, and of nothing else
            }
            protocols.add(Protocol.JDBC);
            leftOut(KEY_HEADERS, "statements have none");
            leftOut(SHARED, "rows are kept for each user");
        }
        Duration maxAge = policy.value(MAX_AGE, SnapshotReader::maxAge, Link.Snapshot.DEFAULT_MAX_AGE);
        long maxBytes = policy.value(MAX_BYTES, SnapshotReader::maxBytes, SnapshotRule.DEFAULT_MAX_BYTES);
        boolean shared = policy.value(SHARED, Values::flag, false);
        List<String> keyHeaders = policy.value(KEY_HEADERS, SnapshotReader::keyHeaders, List.of());
        return new Link.Snapshot(new SnapshotRule(maxAge, maxBytes, shared, keyHeaders), protocols);
    }

    private void leftOut(String key, String because) {
        Setting setting = policy.effective(key);
        if (setting != null) {
            policy.fail(setting, "left out: this policy guards jdbc only, and " + because);
        }
    }

    private static Duration maxAge(Setting setting) {
        Duration maxAge = Values.duration(setting);
        require(!maxAge.isZero() && maxAge.compareTo(SnapshotRule.LONGEST) <= 0, setting.key(), "1ms to 365d");
        return maxAge;
    }

    private static long maxBytes(Setting setting) {
        Matcher matcher = BYTES.matcher(setting.text());
        require(matcher.matches(), setting.key(), BYTES_RULE);
        int shift = 10 * (1 + UNITS.indexOf(matcher.group(2)));
        long bytes = Long.parseLong(matcher.group(1)) << shift;
        require(bytes >= SnapshotRule.FEWEST_BYTES && bytes <= MOST_BYTES, setting.key(), BYTES_RULE);
        return bytes;
    }

    private static List<String> keyHeaders(Setting setting) {
        List<String> names = setting.entries();
        require(!names.isEmpty() && names.stream().allMatch(SnapshotRule::isHeader), setting.key(), NAMES_RULE);
        return names;
    }
}
