package dev.resilience.instrumentation.api;

import org.jspecify.annotations.Nullable;

/**
 * How an admitted call ended, in the words of its protocol.
 *
 * @param token what {@code breaker.failure-on} and {@code breaker.ignore} match: an HTTP status ("503"), a gRPC status
 *     name ("UNAVAILABLE"), an SQLState ("08006"), or one of the words below
 * @param answered whether the target answered, be it with an error of its own: an answer that no rule names is a
 *     success, anything else that no rule names is ignored
 * @param thrown what the client's caller was about to get, if it is an exception
 */
public record Ending(
        String token, boolean answered, @Nullable Throwable thrown) {

    /** The target answered and nothing is wrong with it. Allocates nothing. */
    public static final Ending OK = new Ending("ok", true, null);

    /** The caller gave the call up, or never consumed it: nothing is known of the target. */
    public static final Ending CANCELLED = new Ending("cancelled", false, null);

    /** Words for endings without a status of the protocol. */
    public static final String TIMEOUT = "timeout";

    public static final String CONNECT = "connect";
    public static final String DNS = "dns";
    public static final String TLS = "tls";
    public static final String IO = "io";
    public static final String POOL_TIMEOUT = "pool-timeout";
    public static final String OTHER = "other";

    private static final Ending[] STATUSES = new Ending[600];

    static {
        for (int status = 100; status < STATUSES.length; status++) {
            STATUSES[status] = new Ending(Integer.toString(status), true, null);
        }
    }

    /** An answer with this HTTP status. Allocates nothing from 100 to 599. */
    public static Ending status(int status) {
        return status >= 100 && status < STATUSES.length
                ? STATUSES[status]
                : new Ending(Integer.toString(status), true, null);
    }

    /** An answer of the target that says what went wrong: an SQLState, a gRPC status. */
    public static Ending answered(String token, @Nullable Throwable thrown) {
        return new Ending(token, true, thrown);
    }

    /** No answer: the transport failed, time ran out, or the call could not be made. */
    public static Ending failed(String token, @Nullable Throwable thrown) {
        return new Ending(token, false, thrown);
    }
}
