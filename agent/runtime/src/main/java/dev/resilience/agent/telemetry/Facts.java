package dev.resilience.agent.telemetry;

import dev.resilience.agent.signal.Signal;
import dev.resilience.agent.signal.Subject;
import dev.resilience.engine.Stall;
import dev.resilience.instrumentation.api.Reason;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Signals in the words of span attributes. */
final class Facts {
    static final String DECISION = "RESILIENCE_DECISION";
    static final String FALLBACK = "FALLBACK_EXECUTED";
    static final String RETRY = "RESILIENCE_RETRY";
    static final String LEAK = "RESILIENCE_LEAK";
    static final String DROPPED = "resilience.events.dropped";
    private static final int LONGEST = 256;

    private Facts() {}

    static Map<String, Object> of(Signal.Decision decision) {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("resilience.decision", decision.verdict().text());
        Reason reason = decision.reason();
        if (reason != null) {
            facts.put("resilience.reason", reason.text());
            facts.put("resilience.cause_code", (long) reason.code());
        }
        put(facts, "resilience.decision_id", decision.id());
        put(facts, decision.subject());
        facts.put("circuit_breaker.state", decision.state().name());
        put(facts, "resilience.counts", decision.counts());
        put(facts, "resilience.layer", decision.layer());
        put(facts, "resilience.original_error.type", decision.original());
        put(facts, decision.stall());
        putElapsed(facts, decision.elapsedNanos());
        put(facts, decision.origin());
        if (decision.verdict() == Signal.Verdict.FALLBACK) {
            facts.put("fallback.invoked", true);
        } else if (cuts(decision.verdict())) {
            facts.put("fallback.invoked", false);
        }
        return facts;
    }

    /** Whether this verdict takes the target's answer from the caller. */
    static boolean cuts(Signal.Verdict verdict) {
        return verdict == Signal.Verdict.REJECTED || verdict == Signal.Verdict.TIMED_OUT;
    }

    static Map<String, Object> of(Signal.FallbackExecuted fallback) {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("fallback.invoked", !fallback.isPassedOver());
        facts.put("fallback.type", fallback.type());
        facts.put("fallback.latency.ms", millis(fallback.latencyNanos()));
        if (fallback.ageMillis() >= 0) {
            facts.put("fallback.snapshot.age.ms", fallback.ageMillis());
        }
        put(facts, "resilience.original_error.type", fallback.original());
        return facts;
    }

    /** What the event says beyond the attributes. */
    static Map<String, Object> eventOf(Signal.FallbackExecuted fallback) {
        Map<String, Object> facts = of(fallback);
        put(facts, fallback.subject());
        put(facts, "fallback.failure", kind(fallback.failure()));
        return facts;
    }

    static Map<String, Object> of(Signal.Transition transition) {
        Map<String, Object> facts = new LinkedHashMap<>();
        put(facts, transition.subject());
        facts.put("circuit_breaker.state", transition.to().name());
        facts.put("circuit_breaker.previous_state", transition.from().name());
        put(facts, "resilience.counts", transition.counts());
        put(facts, "resilience.decision_id", transition.id());
        put(facts, "resilience.followed_from_id", transition.followedFrom());
        return facts;
    }

    static Map<String, Object> of(Signal.Retry retry) {
        Map<String, Object> facts = new LinkedHashMap<>();
        put(facts, retry.subject());
        facts.put("resilience.retry.attempts", (long) retry.attempts());
        facts.put("resilience.retry.by", retry.by());
        facts.put("resilience.retry.reason", retry.reason());
        facts.put("resilience.retry.ending", retry.ending());
        facts.put("resilience.retry.wait.ms", millis(retry.waitNanos()));
        facts.put("resilience.retry.budget", retry.budget());
        return facts;
    }

    static Map<String, Object> of(Signal.Leak leak) {
        Map<String, Object> facts = new LinkedHashMap<>();
        put(facts, leak.subject());
        put(facts, "resilience.decision_id", leak.id());
        putElapsed(facts, leak.elapsedNanos());
        put(facts, "resilience.leak.site", leak.site());
        put(facts, "resilience.leak.thread", leak.thread());
        put(facts, "resilience.leak.thread_state", leak.state());
        put(facts, "resilience.leak.waits_for", leak.waitsFor());
        return facts;
    }

    static String nameOf(Signal.Transition transition) {
        return switch (transition.to()) {
            case OPEN -> "CIRCUIT_OPENED";
            case HALF_OPEN -> "CIRCUIT_HALF_OPENED";
            case CLOSED -> "CIRCUIT_CLOSED";
        };
    }

    private static void put(Map<String, Object> facts, Subject subject) {
        facts.put("resilience.mode", subject.mode());
        facts.put("resilience.policy", subject.policy());
        facts.put("resilience.target", safe(subject.target()));
    }

    private static void put(Map<String, Object> facts, Signal.@Nullable Origin origin) {
        if (origin != null) {
            facts.put("resilience.followed_from", origin.what());
            put(facts, "resilience.followed_from_id", origin.id());
            put(facts, "resilience.followed_from_time", origin.time());
            put(facts, "resilience.followed_from_why", origin.why());
        }
    }

    private static void putElapsed(Map<String, Object> facts, long nanos) {
        if (nanos > 0) {
            facts.put("resilience.elapsed.ms", millis(nanos));
        }
    }

    private static void put(Map<String, Object> facts, @Nullable Stall stall) {
        if (stall != null) {
            facts.put("resilience.stall.ms", millis(stall.nanos()));
            if (stall.calls() > 0) {
                facts.put("resilience.stall.set_aside", "failures=" + stall.failures() + "/" + stall.calls());
            }
        }
    }

    private static double millis(long nanos) {
        return Math.round(nanos / 1e3) / 1e3;
    }

    private static void put(Map<String, Object> facts, String key, @Nullable String value) {
        if (value != null) {
            facts.put(key, value.length() <= LONGEST ? value : value.substring(0, LONGEST));
        }
    }

    /** The first word of a description: the exception's type without its message, which may quote data. */
    private static @Nullable String kind(@Nullable String failure) {
        if (failure == null) {
            return null;
        }
        for (int i = 0; i < failure.length(); i++) {
            char c = failure.charAt(i);
            if (c == ':' || Character.isWhitespace(c)) {
                return failure.substring(0, i);
            }
        }
        return failure;
    }

    /** The target without credentials and parameters; the same string when it has none, which is the rule. */
    static String safe(String target) {
        String safe = target;
        for (int i = 0; i < safe.length(); i++) {
            char c = safe.charAt(i);
            if (c == '?' || c == ';' || c == '#') {
                safe = safe.substring(0, i);
            }
        }
        int at = safe.lastIndexOf('@');
        if (at >= 0) {
            int authority = safe.indexOf("://");
            safe = (authority < 0 ? "" : safe.substring(0, Math.min(authority + 3, at))) + safe.substring(at + 1);
        }
        return safe.length() <= LONGEST ? safe : safe.substring(0, LONGEST);
    }
}
