package dev.resilience.agent.policy;

import dev.resilience.instrumentation.api.Ending;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/** The words of {@code breaker.failure-on} and {@code breaker.ignore}, and whose they are. */
final class FailureToken {
    private static final Set<String> WORDS = Set.of(
            Ending.TIMEOUT,
            Ending.CONNECT,
            Ending.DNS,
            Ending.TLS,
            Ending.IO,
            Ending.POOL_TIMEOUT,
            Ending.CANCELLED.token(),
            Ending.OTHER);
    private static final Set<String> GRPC = Set.of(
            "CANCELLED",
            "UNKNOWN",
            "INVALID_ARGUMENT",
            "DEADLINE_EXCEEDED",
            "NOT_FOUND",
            "ALREADY_EXISTS",
            "PERMISSION_DENIED",
            "RESOURCE_EXHAUSTED",
            "FAILED_PRECONDITION",
            "ABORTED",
            "OUT_OF_RANGE",
            "UNIMPLEMENTED",
            "INTERNAL",
            "UNAVAILABLE",
            "DATA_LOSS",
            "UNAUTHENTICATED");
    private static final Pattern STATUS = Pattern.compile("[1-5][0-9]{2}");
    private static final Pattern STATUS_CLASS = Pattern.compile("[1-5]xx");
    private static final Pattern STATUS_BEGINNING = Pattern.compile("[1-5][0-9]?\\*");
    private static final Pattern SQL_STATE = Pattern.compile("[0-9A-Z]{5}");
    private static final Pattern SQL_STATE_BEGINNING = Pattern.compile("[0-9A-Z]{1,4}\\*");

    /** What counts as a failure where {@code failure-on} says nothing. */
    static List<String> failures(Protocol protocol) {
        return switch (protocol) {
            case HTTP ->
                List.of("502", "503", "504", Ending.CONNECT, Ending.DNS, Ending.TIMEOUT, Ending.TLS, Ending.IO);
            case GRPC -> List.of("UNAVAILABLE", "DEADLINE_EXCEEDED", Ending.CONNECT, Ending.TIMEOUT, Ending.IO);
            case JDBC ->
                List.of("08*", "53*", "57P*", "58*", Ending.TIMEOUT, Ending.CONNECT, Ending.IO, Ending.POOL_TIMEOUT);
        };
    }

    /** A word of every protocol: how a call ended that has no status. */
    static boolean isWord(String token) {
        return WORDS.contains(token);
    }

    static boolean isStatusClass(String token) {
        return STATUS_CLASS.matcher(token).matches();
    }

    /** The protocols whose status this is; none for a word, and for what is nothing at all. */
    static Set<Protocol> protocols(String token) {
        Set<Protocol> protocols = EnumSet.noneOf(Protocol.class);
        if (STATUS.matcher(token).matches()
                || isStatusClass(token)
                || STATUS_BEGINNING.matcher(token).matches()) {
            protocols.add(Protocol.HTTP);
        }
        if (isGrpc(token)) {
            protocols.add(Protocol.GRPC);
        }
        if (SQL_STATE.matcher(token).matches()
                || SQL_STATE_BEGINNING.matcher(token).matches()) {
            protocols.add(Protocol.JDBC);
        }
        return protocols;
    }

    private static boolean isGrpc(String token) {
        if (token.length() > 1 && token.endsWith("*")) {
            String beginning = token.substring(0, token.length() - 1);
            return GRPC.stream().anyMatch(name -> name.startsWith(beginning));
        }
        return GRPC.contains(token);
    }

    private FailureToken() {}
}
