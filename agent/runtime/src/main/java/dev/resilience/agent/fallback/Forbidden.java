package dev.resilience.agent.fallback;

/** Why an answer is not kept, or one that is kept is not given. */
public enum Forbidden {
    METHOD("RFC 9110 9.2.3", "only GET and HEAD are kept"),
    REQUEST_BODY("RFC 9110 9.3.1", "the request has a body, which no key holds"),
    RANGE("RFC 9111 3.3", "a part of an answer is no answer"),
    CONDITIONAL("RFC 9111 4.3.2", "who asks whether its copy is good has one"),
    REDIRECTED("RFC 9111 2", "another target answered"),
    STATUS("RFC 9111 3", "no status of an answer that can be given again"),
    INCOMPLETE("RFC 9111 3.3", "the body has not the length that was announced"),
    UNREADABLE("RFC 9111 4.2.1", "nobody can say what its Cache-Control means"),
    NO_STORE("RFC 9111 5.2.2.5", "the answer says no-store"),
    REQUEST_NO_STORE("RFC 9111 5.2.1.5", "the request says no-store"),
    NO_CACHE("RFC 9111 5.2.2.4", "the answer is to be validated before each use"),
    REQUEST_NO_CACHE("RFC 9111 5.2.1.4", "the request wants no answer that is kept"),
    MUST_UNDERSTAND("RFC 9111 5.2.2.3", "its status is not one of those that are understood"),
    PRIVATE("RFC 9111 5.2.2.7", "the answer is for one caller, and the key for all"),
    AUTHORIZATION("RFC 9111 3.5", "the request has credentials, and the answer does not say it is for all"),
    UNSEEN_CREDENTIALS("RFC 9111 3.5", "the client adds credentials that no key holds"),
    SET_COOKIE("RFC 9111 7.3", "the answer sets a cookie"),
    VARY("RFC 9111 4.1", "the answer varies with what no request shows"),
    NOT_EXPLICIT("RFC 9111 3", "an answer of its status must say that it may be kept"),
    TOO_LARGE("max-bytes", "it would drive out too many others"),
    NONE("RFC 9111 4", "no answer to such a request is kept"),
    CHANGED("RFC 9111 4.4", "the target was written to since"),
    ANSWERED("RFC 9111 4.3.3", "the target did answer, and not with a fault of its own"),
    TOO_OLD("max-age of the policy", "it is older than the policy allows"),
    REQUEST_MAX_AGE("RFC 9111 5.2.1.1", "it is older than the request allows"),
    MIN_FRESH("RFC 9111 5.2.1.3", "it is not fresh for as long as the request wants"),
    MAX_STALE("RFC 9111 5.2.1.2", "it is stale for longer than the request allows"),
    MUST_REVALIDATE("RFC 9111 5.2.2.2", "it is stale, and must not be used then"),
    STALE_IF_ERROR("RFC 5861 4", "it is stale for longer than it says it may be used then"),
    STALE_ERROR("RFC 9110 15.5", "what was wrong with a request is told only while that is fresh");

    private final String section;
    private final String because;

    Forbidden(String section, String because) {
        this.section = section;
        this.because = because;
    }

    /** Where it is written. */
    public String section() {
        return section;
    }

    public String because() {
        return because;
    }
}
