package dev.resilience.instrumentation.javahttp;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.http.HttpResponse.BodySubscribers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Flow;
import org.junit.jupiter.api.Test;

class HeldBodyTest {
    private final HeldBody<String> held = new HeldBody<>();
    private final List<String> asked = new ArrayList<>();
    private final Flow.Subscription upstream = new Flow.Subscription() {
        @Override
        public void request(long n) {
            asked.add("request " + n);
        }

        @Override
        public void cancel() {
            asked.add("cancel");
        }
    };

    private static List<ByteBuffer> bytes(String text) {
        return List.of(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
    }

    private String body() {
        return held.getBody().toCompletableFuture().join();
    }

    @Test
    void asksForNothingUntilSomebodyIsGivenIt() {
        held.onSubscribe(upstream);
        assertThat(asked).isEmpty();

        held.giveTo(BodySubscribers.ofString(StandardCharsets.UTF_8));
        assertThat(asked).containsExactly("request " + Long.MAX_VALUE);
        held.onNext(bytes("a"));
        held.onNext(bytes("b"));
        held.onComplete();
        assertThat(body()).isEqualTo("ab");
    }

    @Test
    void mayBeGivenBeforeItIsThere() {
        held.giveTo(BodySubscribers.ofString(StandardCharsets.UTF_8));
        held.onSubscribe(upstream);
        held.onNext(bytes("a"));
        held.onComplete();

        assertThat(body()).isEqualTo("a");
    }

    @Test
    void keepsAnEndThatComesUnasked() {
        held.onSubscribe(upstream);
        held.onComplete();
        held.giveTo(BodySubscribers.ofString(StandardCharsets.UTF_8));

        assertThat(body()).isEmpty();
    }

    @Test
    void keepsAFailureThatComesUnasked() {
        held.onSubscribe(upstream);
        held.onError(new IOException("reset"));
        held.giveTo(BodySubscribers.ofString(StandardCharsets.UTF_8));

        assertThat(held.getBody().toCompletableFuture())
                .isCompletedExceptionally()
                .failsWithin(java.time.Duration.ZERO)
                .withThrowableThat()
                .withRootCauseInstanceOf(IOException.class);
    }

    @Test
    void isGivenUpWhenNobodyCanHaveIt() {
        held.onSubscribe(upstream);
        held.fail(new IllegalStateException("of the handler"));

        assertThat(asked).containsExactly("cancel");
        assertThat(held.getBody().toCompletableFuture()).isCompletedExceptionally();
    }
}
