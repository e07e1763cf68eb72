package dev.resilience.instrumentation.api;

import java.security.Security;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The names of hosts, each looked up once for all that ask, on a thread of the agent: in the resolver of the operating
 * system nothing ends a question but the resolver, so whoever needs the answer waits for it elsewhere, where he can stop.
 * What is left then is that one thread of the agent.
 *
 * <p>Where an answer is kept, it is for so short a time that it only spares a busy client the way to the other thread and
 * back; the JDK keeps it for longer, unless it is told to keep nothing.
 */
public final class Lookups {
    private static final int MOST = 1_000;

    private final Guards guards;
    private final ConcurrentHashMap<String, Lookup> lookups = new ConcurrentHashMap<>();
    private final long keptNanos;

    /** For who asks in the client's place, and may keep an answer for a second. */
    public static Lookups kept(Guards guards) {
        boolean isToKeepNothing = "0".equals(Security.getProperty("networkaddress.cache.ttl"))
                || "0".equals(System.getProperty("sun.net.inetaddr.ttl"));
        return new Lookups(guards, isToKeepNothing ? 0 : TimeUnit.SECONDS.toNanos(1));
    }

    /** For who asks so that the JDK knows when the client asks it: what was found earlier it may have forgotten. */
    public static Lookups anew(Guards guards) {
        return new Lookups(guards, 0);
    }

    private Lookups(Guards guards, long keptNanos) {
        this.guards = guards;
        this.keptNanos = keptNanos;
    }

    /** Under way, or over of late; null where no thread is free for it. */
    public @Nullable Lookup of(String host) {
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
    public static boolean isLiteral(String host) {
        int at = host.length() - 1;
        if (host.charAt(at) == ']') {
            return true;
        }
        while (at >= 0 && host.charAt(at) >= '0' && host.charAt(at) <= '9') {
            at--;
        }
        return at < host.length() - 1 && (at < 0 || host.charAt(at) == '.');
    }
}
