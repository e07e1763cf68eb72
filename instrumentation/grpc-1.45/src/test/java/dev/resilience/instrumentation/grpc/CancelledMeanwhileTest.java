package dev.resilience.instrumentation.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.resilience.instrumentation.api.Again;
import dev.resilience.instrumentation.api.Alternate;
import dev.resilience.instrumentation.api.Fallback;
import dev.resilience.instrumentation.api.StaticAnswer;
import dev.resilience.testkit.Eventually;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Who gives up a call while what stands in for it is being asked meets no fault of ours, and hears what he said. */
class CancelledMeanwhileTest {
    private final List<String> faults = new CopyOnWriteArrayList<>();
    private final List<String> told = new CopyOnWriteArrayList<>();
    private final ClientCall.Listener<String> caller = new ClientCall.Listener<>() {
        @Override
        public void onClose(Status status, Metadata trailers) {
            told.add(status.getCode() + " " + status.getDescription());
        }
    };

    /** A call that is cancelled as soon as it is asked for a message, and takes no more then, as gRPC's. */
    private static final class GivenUp extends ClientCall<String, String> {
        private final Runnable givingUp;
        private @Nullable Listener<String> listener;
        private volatile boolean cancelled;
        private volatile boolean said;

        GivenUp(Runnable givingUp) {
            this.givingUp = givingUp;
        }

        @Override
        public void start(Listener<String> asked, Metadata headers) {
            listener = asked;
        }

        @Override
        public void request(int messages) {
            givingUp.run();
        }

        @Override
        public void cancel(@Nullable String message, @Nullable Throwable cause) {
            cancelled = true;
        }

        @Override
        public void halfClose() {}

        @Override
        public void sendMessage(String message) {
            said = true;
            if (cancelled) {
                throw new IllegalStateException("call was cancelled");
            }
        }

        void close() {
            if (listener != null) {
                listener.onClose(Status.CANCELLED.withDescription("given up"), new Metadata());
            }
        }
    }

    @Test
    void theNextAttempt() throws InterruptedException {
        StandIn<String, String>[] call = newArray();
        GivenUp next = new GivenUp(() -> call[0].cancel("given up", null));
        Link link = new Link();
        AgainCall<String, String> again = new AgainCall<>(
                link,
                link.again(),
                () -> next,
                Metadata::new,
                caller,
                Runnable::run,
                cause -> {
                    throw new AssertionError(cause);
                },
                () -> {
                    throw new AssertionError("it was begun");
                },
                (site, fault) -> faults.add(site + ": " + fault));
        call[0] = again;

        again.ask("hello", true);

        assertThat(Eventually.eventually(() -> next.said)).isTrue();
        TimeUnit.MILLISECONDS.sleep(100); // in which a fault would be told
        next.close();
        assertThat(told).containsExactly("CANCELLED given up");
        assertThat(faults).isEmpty();
    }

    @Test
    void theAlternate() {
        StandIn<String, String>[] call = newArray();
        GivenUp asked = new GivenUp(() -> call[0].cancel("given up", null));
        AlternateCall<String, String> alternate = new AlternateCall<>(
                () -> asked,
                new Metadata(),
                (message, status, headers, trailers) -> AnsweredCall.refused(
                        caller, Runnable::run, (site, fault) -> faults.add(site + ": " + fault), status, trailers),
                caller,
                (site, fault) -> faults.add(site + ": " + fault));
        call[0] = alternate;

        alternate.ask("hello", true);
        asked.close();

        assertThat(told).containsExactly("CANCELLED given up");
        assertThat(faults).isEmpty();
    }

    @SuppressWarnings("unchecked")
    private static StandIn<String, String>[] newArray() {
        return (StandIn<String, String>[]) new StandIn<?, ?>[1];
    }

    private static final class Link implements Fallback {
        @Override
        public @Nullable StaticAnswer answer() {
            return null;
        }

        @Override
        public @Nullable Alternate alternate() {
            return null;
        }

        @Override
        public Again again() {
            return new Again() {
                @Override
                public long afterNanos() {
                    return 0;
                }

                @Override
                public long leftNanos() {
                    return Long.MAX_VALUE;
                }

                @Override
                public boolean isRefused() {
                    return false;
                }
            };
        }

        @Override
        public void served() {}

        @Override
        public @Nullable Fallback failed(Throwable cause) {
            return null;
        }

        @Override
        public void tooLate(Throwable cause) {}
    }
}
