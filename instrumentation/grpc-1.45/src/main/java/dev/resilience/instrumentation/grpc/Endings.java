package dev.resilience.instrumentation.grpc;

import dev.resilience.instrumentation.api.Ending;
import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.Status;

/** What the status of a closed call says of its target. */
final class Endings {

    /**
     * Endings are named by their status. UNAVAILABLE and DEADLINE_EXCEEDED mean no answer, whoever made them, and so
     * does CANCELLED when the caller did not cancel: a server drops its calls like that when it is shut down.
     *
     * @param heard whether headers of an answer came
     * @param cancelled whether the caller cancelled the call
     */
    static Ending of(Status status, Metadata trailers, boolean heard, boolean cancelled) {
        return switch (status.getCode()) {
            case OK -> Ending.OK;
            case CANCELLED ->
                cancelled || status.getCause() != null || Context.current().isCancelled()
                        ? Ending.CANCELLED
                        : failed(status, trailers);
            case UNAVAILABLE, DEADLINE_EXCEEDED -> failed(status, trailers);
            default -> heard || isFromTarget(status, trailers) ? answered(status, trailers) : failed(status, trailers);
        };
    }

    /**
     * A cause never travels over the wire, and a status without headers before it brings the content type along. gRPC
     * itself says INTERNAL and UNKNOWN of what goes wrong on this side, not always with a cause.
     */
    private static boolean isFromTarget(Status status, Metadata trailers) {
        return switch (status.getCode()) {
            case INTERNAL, UNKNOWN -> !trailers.keys().isEmpty();
            default -> status.getCause() == null;
        };
    }

    private static Ending answered(Status status, Metadata trailers) {
        return Ending.answered(status.getCode().name(), status.asRuntimeException(trailers));
    }

    private static Ending failed(Status status, Metadata trailers) {
        return Ending.failed(status.getCode().name(), status.asRuntimeException(trailers));
    }

    private Endings() {}
}
