package dev.resilience.agent.policy;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/** Every key there is, as written below the root and below a policy. */
final class Keys {
    static final String ENABLED = "enabled";
    static final String CONFIG = "config";
    static final String MODE = "mode";
    static final String DRAIN = "drain";
    static final String MAX_TARGETS = "max-targets";
    static final String MAX_ROUTES = "max-routes";
    static final String TARGET_IDLE_FOR = "target-idle-for";
    static final String STRATEGIES = "strategies";
    static final String FILE_FORMAT = "file-format";
    static final String POLICIES = "policies";
    static final String DEFAULTS = "defaults";

    static final String MATCH = "match.";
    static final String BREAKER = "breaker.";
    static final String SETTINGS_GROUP = "breaker.settings";
    static final String SETTINGS = SETTINGS_GROUP + ".";
    static final String LIMIT = "limit.";
    static final String RETRY = "retry.";
    static final String FALLBACK = "fallback";
    static final String STATIC = "fallback.static";

    /** The kinds of link, as they are tried where nobody gives an order. */
    static final List<String> LINKS = List.of("snapshot", "alternate", "static");

    static final String HEADERS_GROUP = "fallback.static.headers";
    static final String HEADERS = HEADERS_GROUP + ".";

    /** Beside {@code policies} and {@code defaults}, which are sections. */
    static final List<String> ROOT =
            List.of(ENABLED, CONFIG, MODE, DRAIN, MAX_TARGETS, MAX_ROUTES, TARGET_IDLE_FOR, STRATEGIES, FILE_FORMAT);

    /** How long a stream may take. */
    static final List<String> STREAMS = List.of("stream.first-message", "stream.idle", "stream.total");

    /** Of a policy, and of {@code defaults} except for {@code match}; headers and settings have any name. */
    static final List<String> POLICY = List.of(
            MODE,
            "match.protocol",
            "match.host",
            "match.port",
            "match.method",
            "match.path",
            "match.authority",
            "match.service",
            "match.url",
            "match.pool",
            "key",
            "breaker.strategy",
            "breaker.consecutive-failures",
            "breaker.failure-rate",
            "breaker.minimum-calls",
            "breaker.window",
            "breaker.slots",
            "breaker.slow-call",
            "breaker.slow-call-rate",
            "breaker.alpha",
            "breaker.period",
            "breaker.short-period",
            "breaker.short-period-after",
            "breaker.periods",
            "breaker.p90",
            "breaker.max-p90",
            "breaker.p90-margin",
            "breaker.slo",
            "breaker.slo-budget",
            "breaker.slo-violations",
            "breaker.slo-climb",
            "breaker.short-window",
            "breaker.long-window",
            "breaker.layers",
            "breaker.max-ejection",
            "breaker.open-for",
            "breaker.max-open-for",
            "breaker.jitter",
            "breaker.probes",
            "breaker.probe-success-rate",
            "breaker.probe-timeout",
            "breaker.failure-on",
            "breaker.ignore",
            "deadline",
            "stall-after",
            "stream.first-message",
            "stream.idle",
            "stream.total",
            "limit.concurrency",
            "limit.min",
            "limit.max",
            "limit.queue",
            "limit.max-wait",
            "limit.rate",
            "limit.burst",
            "retry.attempts",
            "retry.backoff",
            "retry.max-backoff",
            "retry.budget",
            "retry.methods",
            FALLBACK,
            "fallback.chain",
            "fallback.snapshot.max-age",
            "fallback.snapshot.max-bytes",
            "fallback.snapshot.shared",
            "fallback.snapshot.key-headers",
            "fallback.snapshot.when",
            "fallback.alternate.uri",
            "fallback.alternate.target",
            "fallback.alternate.url",
            "fallback.alternate.plaintext",
            "fallback.alternate.deadline",
            "fallback.alternate.credentials",
            "fallback.alternate.when",
            "fallback.static.status",
            "fallback.static.content-type",
            "fallback.static.body",
            "fallback.static.body-base64",
            "fallback.static.body-file",
            "fallback.static.when");

    /** Keys of versions to come: an error, so that nobody relies on them. */
    private static final List<String> UNSUPPORTED = List.of("match.sql");

    private static final Set<String> GROUPS = groups();

    /** Whether this key of a policy has a value. */
    static boolean isKnown(String key) {
        return POLICY.contains(key) || isBelow(HEADERS, key) || isBelow(SETTINGS, key);
    }

    private static boolean isBelow(String group, String key) {
        return key.startsWith(group) && key.length() > group.length();
    }

    /** Whether this key of a policy has keys of its own. */
    static boolean isGroup(String key) {
        return GROUPS.contains(key);
    }

    /** Whether it is a link, which says something even if nothing stands below it. */
    static boolean isLink(String key) {
        return key.startsWith(FALLBACK + ".") && LINKS.contains(key.substring(FALLBACK.length() + 1));
    }

    static List<String> unsupported() {
        return UNSUPPORTED;
    }

    static boolean isUnsupported(String key) {
        return UNSUPPORTED.stream().anyMatch(future -> key.equals(future) || key.startsWith(future + "."));
    }

    /** The key itself, but for headers, whose names have no case. */
    static String canonical(String key) {
        return key.startsWith(HEADERS) ? key.toLowerCase(Locale.ROOT) : key;
    }

    /** Every name that can stand below a policy, with or without keys of its own. */
    static List<String> names() {
        List<String> names = new ArrayList<>(POLICY);
        names.addAll(GROUPS);
        return names;
    }

    /** What can stand right below this group, or below the policy itself for {@code ""}. */
    static String below(String group) {
        String prefix = group.isEmpty() ? "" : group + ".";
        Set<String> names = new TreeSet<>();
        for (String key : POLICY) {
            if (key.startsWith(prefix)) {
                String rest = key.substring(prefix.length());
                int dot = rest.indexOf('.');
                names.add(dot < 0 ? rest : rest.substring(0, dot));
            }
        }
        if (group.equals(STATIC)) {
            names.add("headers");
        }
        if (prefix.equals(BREAKER)) {
            names.add("settings");
        }
        return String.join(", ", names);
    }

    private static Set<String> groups() {
        Set<String> groups = new TreeSet<>();
        for (String key : POLICY) {
            for (int dot = key.indexOf('.'); dot > 0; dot = key.indexOf('.', dot + 1)) {
                groups.add(key.substring(0, dot));
            }
        }
        groups.add(HEADERS_GROUP);
        groups.add(SETTINGS_GROUP);
        return groups;
    }

    private Keys() {}
}
