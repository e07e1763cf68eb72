package dev.resilience.agent.telemetry;

import dev.resilience.instrumentation.api.Faults;
import io.opentelemetry.common.ComponentLoader;
import io.opentelemetry.exporter.sender.jdk.internal.JdkHttpSenderProvider;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.common.export.HttpResponse;
import io.opentelemetry.sdk.common.export.HttpSender;
import io.opentelemetry.sdk.common.export.HttpSenderProvider;
import io.opentelemetry.sdk.common.export.MessageWriter;
import java.io.IOException;
import java.util.List;
import java.util.function.Consumer;

/**
 * Sends over the JDK's client, and reports a failure to us instead of to the exporter, which would log its stack trace
 * through the application's logging, every time.
 */
final class QuietSender implements HttpSender {
    private final HttpSender sender;
    private final Faults faults;

    private QuietSender(HttpSender sender, Faults faults) {
        this.sender = sender;
        this.faults = faults;
    }

    /** What the exporter asks for its sender. */
    static ComponentLoader component(Faults faults) {
        HttpSenderProvider provider =
                config -> new QuietSender(new JdkHttpSenderProvider().createSender(config), faults);
        return new ComponentLoader() {
            @Override
            public <T> Iterable<T> load(Class<T> type) {
                return type.isInstance(provider) ? List.of(type.cast(provider)) : List.of();
            }
        };
    }

    @Override
    public void send(MessageWriter message, Consumer<HttpResponse> onResponse, Consumer<Throwable> onError) {
        sender.send(
                message,
                response -> {
                    int status = response.getStatusCode();
                    if (status >= 200 && status < 300) {
                        onResponse.accept(response);
                    } else {
                        failed(new IOException("spans were answered with status " + status), onResponse);
                    }
                },
                failure -> failed(failure, onResponse));
    }

    /** The batch is lost either way; the exporter is told nothing that it would log. */
    private void failed(Throwable failure, Consumer<HttpResponse> onResponse) {
        faults.report("telemetry/send", failure);
        onResponse.accept(Taken.ANSWER);
    }

    @Override
    public CompletableResultCode shutdown() {
        return sender.shutdown();
    }

    private static final class Taken implements HttpResponse {
        static final Taken ANSWER = new Taken();

        @Override
        public int getStatusCode() {
            return 200;
        }

        @Override
        public String getStatusMessage() {
            return "";
        }

        @Override
        public byte[] getResponseBody() {
            return new byte[0];
        }
    }
}
