package dev.resilience.agent.fallback;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * RFC 9111 and the {@code stale-if-error} of RFC 5861, for a cache that gives what it keeps only where there is no other
 * answer. Pure functions; a cache with a key per principal is a private one, one without is shared.
 */
final class HttpCaching {
    private static final Set<Integer> CACHEABLE_BY_DEFAULT = Set.of(200, 203, 204, 300, 301, 308);
    private static final Set<Integer> UNDERSTOOD = Set.of(200, 203, 204, 300, 301, 308, 404, 405, 410, 414);
    private static final List<String> CONDITIONS =
            List.of("If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since");

    /** Of one connection, of a proxy's, or without meaning by now. */
    private static final Set<String> NOT_KEPT = Set.of(
            "connection",
            "proxy-connection",
            "keep-alive",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade",
            "proxy-authenticate",
            "proxy-authentication-info",
            "proxy-authorization",
            "warning",
            "age");

    private static final int MOST_AGE_SECONDS = Integer.MAX_VALUE;

    /** Why the answer must not be kept, as far as its head tells; null if it may be. */
    static @Nullable Forbidden keeping(HttpAsked asked, HttpAnswered answered, boolean shared) {
        Forbidden why = keepingAnswerTo(asked);
        if (why != null) {
            return why;
        }
        int status = answered.status();
        Fields fields = answered.fields();
        CacheControl control = CacheControl.of(fields);
        if (!asked.target().equals(HttpAsked.target(answered.uri()))) {
            return Forbidden.REDIRECTED;
        }
        if (status == 206 || fields.has("Content-Range")) {
            return Forbidden.RANGE;
        }
        if (status < 200 || status == 304 || status >= 500) {
            return Forbidden.STATUS;
        }
        if (!control.isReadable()) {
            return Forbidden.UNREADABLE;
        }
        if (control.has("no-store")) {
            return Forbidden.NO_STORE;
        }
        if (control.has("no-cache") || (!fields.has("Cache-Control") && saysNoCache(fields))) {
            return Forbidden.NO_CACHE;
        }
        if (control.has("must-understand") && !UNDERSTOOD.contains(status)) {
            return Forbidden.MUST_UNDERSTAND;
        }
        if (shared && control.has("private")) {
            return Forbidden.PRIVATE;
        }
        if (shared && asked.hasCredentials() && !isForAll(control)) {
            return Forbidden.AUTHORIZATION;
        }
        if (!shared && asked.addsCredentials()) {
            return Forbidden.UNSEEN_CREDENTIALS;
        }
        if (fields.has("Set-Cookie") || fields.has("Set-Cookie2")) {
            return Forbidden.SET_COOKIE;
        }
        List<String> varies = varies(fields);
        if (varies == null || (asked.addsCredentials() && varies.stream().anyMatch(Principal::isCredential))) {
            return Forbidden.VARY;
        }
        return CACHEABLE_BY_DEFAULT.contains(status) || isExplicit(control, fields, shared)
                ? null
                : Forbidden.NOT_EXPLICIT;
    }

    /** Why no answer to the request must be kept, whatever it is; null if one may be. */
    static @Nullable Forbidden keepingAnswerTo(HttpAsked asked) {
        CacheControl control = CacheControl.of(asked.fields());
        if (control.has("no-store")) {
            return Forbidden.REQUEST_NO_STORE;
        }
        return control.isReadable() ? unfit(asked) : Forbidden.UNREADABLE;
    }

    /** What is kept of the answer, beside its body. */
    static HttpHead head(
            HttpAsked asked,
            HttpAnswered answered,
            Moment answeredAt,
            boolean shared,
            Fingerprints fingerprints,
            int stamp) {
        Fields fields = answered.fields();
        CacheControl control = CacheControl.of(fields);
        List<String> varies = varies(fields);
        List<String> names = varies == null ? List.of() : varies;
        long date = date(fields, answeredAt);
        long staleIfError = control.seconds("stale-if-error");
        boolean mustRevalidate = control.has("must-revalidate")
                || (shared && (control.has("proxy-revalidate") || control.has("s-maxage")));
        return new HttpHead(
                answered.status(),
                kept(fields, date),
                names,
                selecting(names, asked.fields(), fingerprints),
                date,
                lifetimeMillis(control, fields, date, answeredAt, shared),
                staleIfError == CacheControl.ABSENT ? -1 : Math.max(0, staleIfError) * 1_000,
                mustRevalidate,
                stamp);
    }

    /** How old the answer was when it came (RFC 9111 4.2.3), in milliseconds. */
    static long ageMillis(Fields fields, Moment askedAt, Moment answeredAt) {
        long apparent = Math.max(0, answeredAt.epochMillis() - date(fields, answeredAt));
        String text = fields.first("Age");
        long told = 0;
        if (text != null) {
            int comma = text.indexOf(',');
            told = CacheControl.secondsOf((comma < 0 ? text : text.substring(0, comma)).strip(), 0) * 1_000;
        }
        return Math.max(apparent, told + answeredAt.millisSince(askedAt));
    }

    /** Whether the request would have been answered so (RFC 9111 4.1). */
    static boolean selects(HttpHead kept, HttpAsked asked, Fingerprints fingerprints) {
        Fingerprint selecting = selecting(kept.varies(), asked.fields(), fingerprints);
        return selecting == null || selecting.equals(kept.selecting());
    }

    /**
     * Why an answer of that age must not be given; null if it may be.
     *
     * @param status with which the target answered now, or 0 if it did not
     */
    static @Nullable Forbidden giving(HttpAsked asked, HttpHead kept, long ageMillis, SnapshotRule rule, int status) {
        Forbidden why = givingTo(asked, status);
        if (why != null) {
            return why;
        }
        if (ageMillis > rule.maxAge().toMillis()) {
            return Forbidden.TOO_OLD;
        }
        CacheControl control = CacheControl.of(asked.fields());
        long maxAge = millis(control, "max-age");
        if (maxAge >= 0 && ageMillis > maxAge) {
            return Forbidden.REQUEST_MAX_AGE;
        }
        long lifetime = kept.lifetimeMillis();
        if (control.has("min-fresh")
                && (control.seconds("min-fresh") < 0 || lifetime - ageMillis < millis(control, "min-fresh"))) {
            return Forbidden.MIN_FRESH;
        }
        return lifetime > ageMillis ? null : givingStale(control, kept, ageMillis - lifetime);
    }

    /** Why nothing that is kept must be given to the request; null if something may be. */
    static @Nullable Forbidden givingTo(HttpAsked asked, int status) {
        if (status > 0 && status < 500) {
            return Forbidden.ANSWERED;
        }
        Forbidden why = unfit(asked);
        if (why != null) {
            return why;
        }
        Fields fields = asked.fields();
        for (String condition : CONDITIONS) {
            if (fields.has(condition)) {
                return Forbidden.CONDITIONAL;
            }
        }
        CacheControl control = CacheControl.of(fields);
        if (!control.isReadable()) {
            return Forbidden.UNREADABLE;
        }
        boolean noCache = control.has("no-cache") || (!fields.has("Cache-Control") && saysNoCache(fields));
        return noCache ? Forbidden.REQUEST_NO_CACHE : null;
    }

    /** The headers with which an answer of that age is given. */
    static Map<String, List<String>> given(HttpHead kept, long ageMillis) {
        return new GivenHeaders(kept.headers(), Math.min(MOST_AGE_SECONDS, (ageMillis + 999) / 1_000));
    }

    private static @Nullable Forbidden unfit(HttpAsked asked) {
        if (!asked.isRetrieval()) {
            return Forbidden.METHOD;
        }
        if (asked.hasBody()) {
            return Forbidden.REQUEST_BODY;
        }
        return asked.fields().has("Range") ? Forbidden.RANGE : null;
    }

    private static @Nullable Forbidden givingStale(CacheControl control, HttpHead kept, long staleMillis) {
        if (kept.mustRevalidate()) {
            return Forbidden.MUST_REVALIDATE;
        }
        if (kept.status() >= 400) {
            return Forbidden.STALE_ERROR;
        }
        if (kept.staleIfErrorMillis() >= 0 && staleMillis > kept.staleIfErrorMillis()) {
            return Forbidden.STALE_IF_ERROR;
        }
        long staleIfError = millis(control, "stale-if-error");
        if (staleIfError >= 0 && staleMillis > staleIfError) {
            return Forbidden.STALE_IF_ERROR;
        }
        boolean anyStale = control.isBare("max-stale");
        long maxStale = anyStale ? Long.MAX_VALUE : millis(control, "max-stale");
        if (maxStale >= 0) {
            return staleMillis > maxStale ? Forbidden.MAX_STALE : null;
        }
        return control.has("max-age") && staleIfError < 0 ? Forbidden.REQUEST_MAX_AGE : null;
    }

    /** Of a request's directive; negative where it is not there, 0 where it cannot be read. */
    private static long millis(CacheControl control, String directive) {
        long seconds = control.seconds(directive);
        return seconds == CacheControl.ABSENT ? -1 : Math.max(0, seconds) * 1_000;
    }

    /** Where more than one is said of the lifetime, or what nobody can read, there is none (RFC 9111 4.2.1). */
    private static long lifetimeMillis(
            CacheControl control, Fields fields, long date, Moment answeredAt, boolean shared) {
        for (String directive : shared ? List.of("s-maxage", "max-age") : List.of("max-age")) {
            long seconds = control.seconds(directive);
            if (seconds != CacheControl.ABSENT) {
                return Math.max(0, seconds) * 1_000;
            }
        }
        List<String> expires = fields.all("Expires");
        Long end = expires.size() == 1 ? HttpDates.parse(expires.get(0), answeredAt.epochMillis()) : null;
        return end == null ? 0 : Math.max(0, end - date);
    }

    /** Of an answer that does not say it, when it came (RFC 9110 6.6.1). */
    private static long date(Fields fields, Moment answeredAt) {
        String text = fields.first("Date");
        Long date = text == null ? null : HttpDates.parse(text, answeredAt.epochMillis());
        return date == null ? answeredAt.epochMillis() : date;
    }

    private static boolean isExplicit(CacheControl control, Fields fields, boolean shared) {
        return control.has("public")
                || control.has("max-age")
                || fields.has("Expires")
                || control.has(shared ? "s-maxage" : "private");
    }

    private static boolean isForAll(CacheControl control) {
        return control.has("public") || control.has("s-maxage") || control.has("must-revalidate");
    }

    private static boolean saysNoCache(Fields fields) {
        return fields.all("Pragma").stream()
                .anyMatch(line -> line.toLowerCase(Locale.ROOT).contains("no-cache"));
    }

    /** The names in Vary, in lower case and sorted; null if they are not all of them. */
    private static @Nullable List<String> varies(Fields fields) {
        Set<String> names = new TreeSet<>();
        for (String line : fields.all("Vary")) {
            for (String name : line.split(",", -1)) {
                names.add(name.strip().toLowerCase(Locale.ROOT));
            }
        }
        names.remove("");
        return names.contains("*") || !names.stream().allMatch(Fields::isName) ? null : List.copyOf(names);
    }

    private static @Nullable Fingerprint selecting(List<String> varies, Fields asked, Fingerprints fingerprints) {
        if (varies.isEmpty()) {
            return null;
        }
        List<@Nullable String> texts = new ArrayList<>();
        for (String name : varies) {
            texts.add(name);
            texts.add(asked.has(name) ? oneLine(asked.all(name)) : null);
        }
        return fingerprints.of(texts);
    }

    private static String oneLine(List<String> lines) {
        return lines.size() == 1
                ? lines.get(0).strip()
                : String.join(", ", lines.stream().map(String::strip).toList());
    }

    private static Map<String, List<String>> kept(Fields fields, long date) {
        Set<String> ofConnection = new HashSet<>(NOT_KEPT);
        for (String line : fields.all("Connection")) {
            for (String name : line.split(",", -1)) {
                ofConnection.add(name.strip().toLowerCase(Locale.ROOT));
            }
        }
        Map<String, List<String>> kept = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        fields.map().forEach((name, values) -> {
            if (!name.startsWith(":") && !ofConnection.contains(name.toLowerCase(Locale.ROOT))) {
                kept.put(name, List.copyOf(values));
            }
        });
        if (!kept.containsKey("Date")) {
            kept.put("Date", List.of(HttpDates.format(date)));
        }
        return kept;
    }

    private HttpCaching() {}
}
