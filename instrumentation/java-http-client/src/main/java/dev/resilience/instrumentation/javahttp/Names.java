package dev.resilience.instrumentation.javahttp;

import dev.resilience.instrumentation.api.Faults;
import dev.resilience.instrumentation.api.Guards;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpTimeoutException;
import java.security.Security;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The names of hosts, looked up where whoever needs one can stop waiting for it. */
final class Names {
    /*
     * The JDK's client looks a name up on the thread that sends, in the resolver of the operating system, where nothing
     * ends it but the resolver: send() hangs there before it has a future to wait for, sendAsync() holds a thread of the
     * client's executor. So the question is asked on a thread of the agent, once for all that ask, and the thread of the
     * call waits for the answer, or for its deadline. What is left then is that one thread of the agent.
     *
     * Which call a thread is at work for stands in a thread-local, set for as long as the client's own code runs below
     * us: all of send() up to where it waits, and the first task of sendAsync(). Elsewhere (a redirect's next hop, a
     * proxy's name) the client asks by itself, on a thread of its executor, and nobody but that thread waits.
     *
     * An answer is kept for so short a time that it only spares a busy client the way to the other thread and back; the
     * JDK keeps it for longer, unless it is told to keep nothing.
     */
    static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);

    private static final ThreadLocal<@Nullable Exchange<?>> AT_WORK_FOR = new ThreadLocal<>();
    private static final int MOST = 1_000;

    private final Guards guards;
    private final Faults faults;
    private final ConcurrentHashMap<String, Lookup> lookups = new ConcurrentHashMap<>();
    private final long keptNanos;

    Names(Guards guards) {
        this.guards = guards;
        this.faults = guards.faults();
        this.keptNanos = "0".equals(Security.getProperty("networkaddress.cache.ttl"))
                        || "0".equals(System.getProperty("sun.net.inetaddr.ttl"))
                ? 0
                : TimeUnit.SECONDS.toNanos(1);
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
            return host == null || isLiteral(host) ? null : addressOf(call, host, port(uri));
        } catch (Throwable fault) {
            faults.report("java-http-client/names", fault);
            return null;
        }
    }

    private @Nullable Object addressOf(Exchange<?> call, String host, int port) {
        if (port < 0 || !call.isAdmitted()) {
            return null;
        }
        Lookup lookup = lookup(host);
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
        return lookup.isDone() || !call.isCut()
                ? null
                : new HttpTimeoutException("deadline exhausted while " + host + " was looked up");
    }

    private @Nullable Lookup lookup(String host) {
        Lookup known = lookups.get(host);
        if (known != null && known.isFresh(keptNanos)) {
            return known;
        }
        if (lookups.size() >= MOST) {
            lookups.values().removeIf(Lookup::isDone);
        }
        Lookup fresh = new Lookup(host);
        boolean first = known == null ? lookups.putIfAbsent(host, fresh) == null : lookups.replace(host, known, fresh);
        if (!first) {
            return lookups.get(host);
        }
        if (guards.tryRun(fresh)) {
            return fresh;
        }
        lookups.remove(host, fresh);
        fresh.giveUp();
        return null;
    }

    /** Whether it is an address: the last label of a name is never a number. */
    static boolean isLiteral(String host) {
        int at = host.length() - 1;
        if (host.charAt(at) == ']') {
            return true;
        }
        while (at >= 0 && host.charAt(at) >= '0' && host.charAt(at) <= '9') {
            at--;
        }
        return at < host.length() - 1 && (at < 0 || host.charAt(at) == '.');
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
