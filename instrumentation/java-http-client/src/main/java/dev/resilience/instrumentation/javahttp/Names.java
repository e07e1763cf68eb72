package dev.resilience.instrumentation.javahttp;

import dev.resilience.instrumentation.api.Faults;
import dev.resilience.instrumentation.api.Guards;
import dev.resilience.instrumentation.api.Lookup;
import dev.resilience.instrumentation.api.Lookups;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpTimeoutException;
import org.jspecify.annotations.Nullable;

/** The names of hosts, looked up where whoever needs one can stop waiting for it. */
final class Names {
    /*
     * The JDK's client looks a name up on the thread that sends: send() hangs there before it has a future to wait for,
     * sendAsync() holds a thread of the client's executor. So the thread of the call waits for the answer, or for its
     * deadline.
     *
     * Which call a thread is at work for stands in a thread-local, set for as long as the client's own code runs below
     * us: all of send() up to where it waits, and the first task of sendAsync(). Elsewhere (a redirect's next hop, a
     * proxy's name) the client asks by itself, on a thread of its executor, and nobody but that thread waits.
     */

    private static final ThreadLocal<@Nullable Exchange<?>> AT_WORK_FOR = new ThreadLocal<>();

    private final Faults faults;
    private final Lookups lookups;

    Names(Guards guards) {
        this.faults = guards.faults();
        this.lookups = Lookups.kept(guards);
    }

    /** From now on this thread is at work for {@code call}, or for none; returns for which it was before. */
    static @Nullable Exchange<?> workFor(@Nullable Exchange<?> call) {
        Exchange<?> before = AT_WORK_FOR.get();
        if (call == null) {
            AT_WORK_FOR.remove();
        } else {
            AT_WORK_FOR.set(call);
        }
        return before;
    }

    /** The address a request goes to, or the exception to throw in its place; null to let the client find it itself. */
    @Nullable
    Object addressOf(HttpRequest request, @Nullable Proxy proxy) {
        try {
            Exchange<?> call = AT_WORK_FOR.get();
            URI uri = request.uri();
            if (call == null || uri == null || (proxy != null && proxy.type() == Proxy.Type.HTTP)) {
                return null;
            }
            String host = uri.getHost();
            return host == null || Lookups.isLiteral(host) ? null : addressOf(call, host, port(uri));
        } catch (Throwable fault) {
            faults.report("java-http-client/names", fault);
            return null;
        }
    }

    private @Nullable Object addressOf(Exchange<?> call, String host, int port) {
        if (port < 0 || !call.isAdmitted()) {
            return null;
        }
        Lookup lookup = lookups.of(host);
        if (lookup == null) {
            return null;
        }
        if (!lookup.isDone()) {
            call.await(lookup);
        }
        InetAddress found = lookup.found();
        if (found != null) {
            return new InetSocketAddress(found, port);
        }
        return lookup.isDone()
                ? null // there is no such name, as the client will find
                : new HttpTimeoutException("deadline exhausted while " + host + " was looked up");
    }

    private static int port(URI uri) {
        int port = uri.getPort();
        if (port >= 0) {
            return port;
        }
        String scheme = uri.getScheme();
        return "https".equalsIgnoreCase(scheme) ? 443 : "http".equalsIgnoreCase(scheme) ? 80 : -1;
    }
}
