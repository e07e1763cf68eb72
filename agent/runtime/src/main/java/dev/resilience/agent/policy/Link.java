package dev.resilience.agent.policy;

import static dev.resilience.agent.policy.BadValue.require;

import dev.resilience.agent.fallback.SnapshotRule;
import dev.resilience.instrumentation.api.StaticAnswer;
import java.net.URI;
import java.time.Duration;
import java.util.Set;

/** One link of a chain: what to answer, or whom to ask, instead of a refusal or a fault of the target. */
public sealed interface Link {
    /** The value of {@code fallback.type}. */
    String type();

    /** Whether it can be given in this protocol. */
    boolean serves(Protocol protocol);

    /** How much of the call's own deadline has to be kept for it. */
    default Duration reserved() {
        return Duration.ZERO;
    }

    /** The link itself, whatever it is given on. */
    default Link unconditional() {
        return this;
    }

    /**
     * A link for some calls.
     *
     * @param link unconditional itself
     * @param when what such a call meets
     */
    record Conditional(Link link, Condition when) implements Link {
        @Override
        public String type() {
            return link.type();
        }

        @Override
        public boolean serves(Protocol protocol) {
            return link.serves(protocol);
        }

        @Override
        public Duration reserved() {
            return link.reserved();
        }

        @Override
        public Link unconditional() {
            return link;
        }
    }

    /**
     * An answer written down.
     *
     * @param answered the protocols in which it can be given: never JDBC
     */
    record Static(StaticAnswer answer, Set<Protocol> answered) implements Link {
        public Static {
            answered = Set.copyOf(answered);
            require(!answered.contains(Protocol.JDBC), "fallback", "for HTTP and gRPC alone");
        }

        @Override
        public String type() {
            return "static";
        }

        @Override
        public boolean serves(Protocol protocol) {
            return answered.contains(protocol);
        }
    }

    /**
     * A good answer of an earlier time.
     *
     * @param protocols in which answers are kept; JDBC only where a policy guards nothing else and says so itself
     */
    record Snapshot(SnapshotRule rule, Set<Protocol> protocols) implements Link {
        public static final Duration DEFAULT_MAX_AGE = Duration.ofMinutes(10);

        public Snapshot {
            protocols = Set.copyOf(protocols);
        }

        @Override
        public String type() {
            return "snapshot";
        }

        @Override
        public boolean serves(Protocol protocol) {
            return protocols.contains(protocol);
        }
    }

    /** Somebody else to ask, with a time of its own. */
    sealed interface Elsewhere extends Link {
        /** What it may take, 1 ms to 1 h. */
        Duration deadline();

        /** Whether it is sent what says who asks. */
        boolean credentials();

        @Override
        default String type() {
            return "alternate";
        }

        @Override
        default Duration reserved() {
            return deadline();
        }
    }

    /**
     * Another HTTP server.
     *
     * @param uri scheme and authority, and what comes before the path of each request
     * @param deadline what it may take, 1 ms to 1 h
     * @param credentials whether it is sent Authorization, Cookie and their like
     */
    record Alternate(URI uri, Duration deadline, boolean credentials) implements Elsewhere {
        public static final Duration DEFAULT_DEADLINE = Duration.ofSeconds(1);

        private static final Duration SHORTEST = Duration.ofMillis(1);
        private static final Duration LONGEST = Duration.ofHours(1);

        public Alternate {
            requireDeadline(deadline);
        }

        static void requireDeadline(Duration deadline) {
            require(
                    deadline.compareTo(SHORTEST) >= 0 && deadline.compareTo(LONGEST) <= 0,
                    "fallback.alternate.deadline",
                    "1ms to 1h");
        }

        @Override
        public boolean serves(Protocol protocol) {
            return protocol == Protocol.HTTP;
        }
    }

    /**
     * Another database, asked what only reads.
     *
     * @param url that a driver of the application opens: without a password
     * @param deadline what it may take, 1 ms to 1 h
     * @param credentials whether it is opened for whom the connection was opened that it stands in for
     */
    record AlternateDatabase(String url, Duration deadline, boolean credentials) implements Elsewhere {
        public AlternateDatabase {
            Alternate.requireDeadline(deadline);
        }

        @Override
        public boolean serves(Protocol protocol) {
            return protocol == Protocol.JDBC;
        }
    }

    /**
     * Another gRPC server.
     *
     * @param target of a channel, as {@code ManagedChannelBuilder.forTarget} takes it
     * @param plaintext whether without TLS
     * @param deadline what it may take, 1 ms to 1 h
     * @param credentials whether it is sent Authorization, Cookie and their like, and call credentials
     */
    record AlternateChannel(String target, boolean plaintext, Duration deadline, boolean credentials)
            implements Elsewhere {
        public AlternateChannel {
            Alternate.requireDeadline(deadline);
        }

        @Override
        public boolean serves(Protocol protocol) {
            return protocol == Protocol.GRPC;
        }
    }
}
