package dev.resilience.instrumentation.javahttp;

import dev.resilience.instrumentation.api.Ending;
import java.io.IOException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** The client's exceptions in the words of the guard. */
final class Endings {
    private static final int DEEPEST = 16;

    static Ending of(@Nullable Throwable thrown) {
        Throwable cause = thrown == null ? null : unwrap(thrown);
        if (has(cause, CancellationException.class) || has(cause, InterruptedException.class)) {
            return Ending.CANCELLED;
        }
        return Ending.failed(token(cause), cause);
    }

    private static String token(@Nullable Throwable thrown) {
        // the JDK wraps a name that does not resolve into a ConnectException
        if (has(thrown, UnresolvedAddressException.class) || has(thrown, UnknownHostException.class)) {
            return Ending.DNS;
        }
        if (thrown instanceof HttpConnectTimeoutException || thrown instanceof ConnectException) {
            return Ending.CONNECT;
        }
        if (thrown instanceof HttpTimeoutException) {
            return Ending.TIMEOUT;
        }
        if (has(thrown, SSLException.class)) {
            return Ending.TLS;
        }
        return thrown instanceof IOException ? Ending.IO : Ending.OTHER;
    }

    /** What a future failed with. */
    static Throwable unwrap(Throwable thrown) {
        Throwable inner = thrown;
        for (int depth = 0; depth < DEEPEST; depth++) {
            Throwable cause = inner.getCause();
            if (cause == null || !(inner instanceof CompletionException || inner instanceof ExecutionException)) {
                return inner;
            }
            inner = cause;
        }
        return inner;
    }

    private static boolean has(@Nullable Throwable thrown, Class<? extends Throwable> type) {
        Throwable cause = thrown;
        for (int depth = 0; depth < DEEPEST && cause != null; depth++) {
            if (type.isInstance(cause)) {
                return true;
            }
            cause = cause.getCause();
        }
        return false;
    }

    private Endings() {}
}
