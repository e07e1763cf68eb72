package dev.resilience.agent.policy;

import dev.resilience.instrumentation.api.Ending;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

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
    /** Apart, so that a start without a policy compiles no pattern. */
    private static final class Shapes {
        static final Pattern STATUS = Pattern.compile("[1-5][0-9]{2}");
        static final Pattern STATUS_BEGINNING = Pattern.compile("[1-5][0-9]?\\*");
        static final Pattern SQL_STATE = Pattern.compile("[0-9A-Z]{5}");
        static final Pattern SQL_STATE_BEGINNING = Pattern.compile("[0-9A-Z]{1,4}\\*");
    }

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
        return token.length() == 3 && token.endsWith("xx") && token.charAt(0) >= '1' && token.charAt(0) <= '5';
    }

    /** The protocols whose status this is; none for a word, and for what is nothing at all. */
    static Set<Protocol> protocols(String token) {
        Set<Protocol> protocols = EnumSet.noneOf(Protocol.class);
        if (Shapes.STATUS.matcher(token).matches()
                || isStatusClass(token)
                || Shapes.STATUS_BEGINNING.matcher(token).matches()) {
            protocols.add(Protocol.HTTP);
        }
        if (isGrpc(token)) {
            protocols.add(Protocol.GRPC);
        }
        if (Shapes.SQL_STATE.matcher(token).matches()
                || Shapes.SQL_STATE_BEGINNING.matcher(token).matches()) {
            protocols.add(Protocol.JDBC);
        }
        return protocols;
    }

    /** What {@code failure-on} puts in place of this protocol's own list; null when it names nothing of it. */
    static @Nullable List<String> replacing(Protocol protocol, List<String> tokens, Set<Protocol> served) {
        boolean statuses =
                tokens.stream().anyMatch(token -> !owners(token, served).isEmpty());
        boolean mine = tokens.stream().anyMatch(token -> owners(token, served).contains(protocol));
        return served.size() == 1 || mine || !statuses ? of(protocol, tokens, served) : null;
    }

    /** The statuses of this protocol, and the words. */
    static List<String> of(Protocol protocol, List<String> tokens, Set<Protocol> served) {
        return tokens.stream()
                .filter(token -> isWord(token) || owners(token, served).contains(protocol))
                .toList();
    }

    static void verify(String key, String token, Set<Protocol> served) {
        if (isWord(token) || !owners(token, served).isEmpty()) {
            return;
        }
        Set<Protocol> others = protocols(token);
        if (!others.isEmpty()) {
            throw new BadValue(
                    key,
                    "of the protocols this policy guards (" + words(served) + "); " + token + " is of "
                            + words(others));
        }
        List<String> known = new ArrayList<>(WORDS);
        known.addAll(GRPC);
        known.sort(null);
        String nearest =
                Nearest.to(isGrpc(token.toUpperCase(Locale.ROOT)) ? token.toUpperCase(Locale.ROOT) : token, known);
        throw new BadValue(
                key,
                "an HTTP status (503, 5xx), a gRPC status (UNAVAILABLE), an SQLState (08006, 08*) or one of "
                        + String.join(", ", new TreeSet<>(WORDS)) + "; " + (token.isEmpty() ? "an empty entry" : token)
                        + " is none"
                        + (nearest == null ? "" : ", did you mean " + nearest + "?"));
    }

    /** Where several protocols are guarded, what could be of two is of one: digits of SQL, letters of gRPC. */
    private static Set<Protocol> owners(String token, Set<Protocol> served) {
        Set<Protocol> owners = protocols(token);
        owners.retainAll(served);
        if (owners.contains(Protocol.JDBC) && owners.size() > 1) {
            owners.remove(Character.isDigit(token.charAt(0)) ? Protocol.HTTP : Protocol.JDBC);
        }
        return owners;
    }

    private static String words(Set<Protocol> protocols) {
        return protocols.stream().map(Protocol::text).collect(Collectors.joining(", "));
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
