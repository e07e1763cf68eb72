package dev.resilience.instrumentation.javahttp;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse.BodySubscribers;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Who keeps whom waiting, when the deadline finds a body that is not at its end. */
class BoundedBodyTest {
    private final AtomicLong clock =
            new AtomicLong(Long.MAX_VALUE - Duration.ofMillis(50).toNanos());
    private final BoundedBody<InputStream> body = new BoundedBody<>(
            BodySubscribers.ofInputStream(),
            (site, fault) -> {
                throw new AssertionError(site, fault);
            },
            thrown -> {},
            clock::get);

    @BeforeEach
    void begins() {
        body.onSubscribe(new Flow.Subscription() {
            @Override
            public void request(long n) {}

            @Override
            public void cancel() {}
        });
    }

    @Test
    void aReaderThatWaitsIsStarved() throws IOException {
        deliver();
        passMillis(200);
        read();
        assertThat(body.isStarved()).isTrue();
    }

    @Test
    void aReaderThatWaitedIsStarvedAlsoWhileItTakesWhatCame() throws IOException {
        deliver();
        for (int i = 0; i < 10; i++) {
            read();
            passMillis(20);
            deliver();
            passMillis(1);
            assertThat(body.isStarved()).as("piece %d", i).isTrue();
        }
    }

    @Test
    void aReaderThatKeepsTheTargetWaitingIsNot() throws IOException {
        deliver();
        for (int i = 0; i < 10; i++) {
            passMillis(20);
            assertThat(body.isStarved()).as("piece %d", i).isFalse();
            read();
            passMillis(1);
            deliver();
        }
    }

    @Test
    void norIsABodyThatNobodyReadsHoweverLateItBegan() {
        passMillis(200);
        deliver();
        passMillis(1);
        assertThat(body.isStarved()).isFalse();
    }

    private void deliver() {
        body.onNext(List.of(ByteBuffer.wrap(new byte[1])));
    }

    private void read() throws IOException {
        assertThat(body.getBody().toCompletableFuture().join().read()).isZero();
    }

    private void passMillis(long millis) {
        clock.addAndGet(Duration.ofMillis(millis).toNanos());
    }
}
