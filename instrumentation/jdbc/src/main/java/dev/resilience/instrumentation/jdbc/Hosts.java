package dev.resilience.instrumentation.jdbc;

import dev.resilience.instrumentation.api.Guards;
import dev.resilience.instrumentation.api.Lookup;
import dev.resilience.instrumentation.api.Lookups;
import java.io.Closeable;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The names of a database's hosts, looked up before its driver does, which could not be cut there. */
final class Hosts {
    /*
     * The driver asks the resolver itself, right after, and is answered from what the JDK keeps. Where it is told to keep
     * nothing the driver waits once more, for an answer that was there a moment ago.
     *
     * Left to the driver: of several hosts all but the wait until one of them is known, as which it tries first is its own
     * affair; names that it may not ask for at all; and a URL whose user and password are not told from its host for
     * certain, as a password must not get to a resolver.
     */
    private static final Pattern AUTHORITY = Pattern.compile(
            "jdbc:(?:postgresql|mariadb|mysql|h2:tcp)(?::(?:loadbalance|replication|sequential))?://([^/?;()]*)((?:[/?;].*)?)");

    /** Settings of drivers by which a host is no name for the resolver of this machine, in lower case. */
    private static final List<String> OTHERWISE =
            List.of("socketfactory", "localsocket", "pipe=", "sockspro", "dnssrv");

    private final Lookups lookups;

    Hosts(Guards guards) {
        lookups = Lookups.anew(guards);
    }

    /** Waits until one of them is known, if there are any; false if {@code work} was cut before that. */
    boolean await(String url, @Nullable Object properties, Wires work) {
        List<Lookup> asked = new ArrayList<>(1);
        for (String name : isReachedOtherwise(url, properties) ? Set.<String>of() : names(url)) {
            Lookup lookup = lookups.of(name);
            if (lookup == null || lookup.isDone()) {
                return true;
            }
            asked.add(lookup);
        }
        if (asked.isEmpty()) {
            return true;
        }
        Thread self = Thread.currentThread();
        AtomicBoolean isCut = new AtomicBoolean();
        Closeable waiting = () -> {
            isCut.set(true);
            LockSupport.unpark(self);
        };
        work.note(waiting);
        try {
            Lookup.await(asked, isCut::get);
        } finally {
            work.forget(waiting);
        }
        return !isCut.get();
    }

    private static boolean isReachedOtherwise(String url, @Nullable Object properties) {
        StringBuilder settings = new StringBuilder(url);
        if (properties instanceof Properties given) {
            given.stringPropertyNames().forEach(name -> settings.append(name).append('='));
        }
        String all = settings.toString().toLowerCase(Locale.ROOT);
        return System.getProperty("socksProxyHost") != null
                || OTHERWISE.stream().anyMatch(all::contains);
    }

    /** None of what is an address already. */
    static Set<String> names(String url) {
        Matcher parts = AUTHORITY.matcher(url);
        if (!parts.matches()) {
            return Set.of();
        }
        String authority = parts.group(1);
        int at = authority.lastIndexOf('@');
        if (parts.group(2).indexOf('@') >= 0 || (authority.indexOf(',') >= 0 && authority.indexOf('@') < at)) {
            return Set.of(); // it may end a password with a slash in it; or each host has one of its own
        }
        Set<String> names = new LinkedHashSet<>();
        for (String host : authority.substring(at + 1).split(",", -1)) {
            int port = host.lastIndexOf(':');
            String name = (port < 0 || host.endsWith("]") ? host : host.substring(0, port)).trim();
            if (!name.isEmpty() && !Lookups.isLiteral(name)) {
                names.add(name);
            }
        }
        return names;
    }
}
