package dev.resilience.agent.policy;

/** The rules of one policy, one for each protocol. */
public record FailureRules(FailureRule http, FailureRule grpc, FailureRule jdbc) {
    /** The rules where no policy says otherwise. */
    public static final FailureRules DEFAULTS = new FailureRules(
            FailureRule.defaults(Protocol.HTTP),
            FailureRule.defaults(Protocol.GRPC),
            FailureRule.defaults(Protocol.JDBC));

    public FailureRule of(Protocol protocol) {
        return switch (protocol) {
            case HTTP -> http;
            case GRPC -> grpc;
            case JDBC -> jdbc;
        };
    }
}
