package dev.resilience.agent.target;

import java.util.Locale;

/**
 * Who is called, as telemetry and messages name it: never a credential, a query or a parameter.
 *
 * @param protocol {@code http}, {@code grpc} or {@code jdbc}
 * @param name for example {@code http://host:8443}, {@code dns:///host:9000}, {@code jdbc:postgresql://h:5432/db}
 */
public record Target(String protocol, String name) {
    public static final String HTTP = "http";
    public static final String GRPC = "grpc";
    public static final String JDBC = "jdbc";

    private static final String MORE_TARGETS = "(more targets)";

    /** The port is there even where it is the scheme's own. */
    public static Target http(String scheme, String host, int port) {
        return new Target(HTTP, scheme.toLowerCase(Locale.ROOT) + "://" + HostName.of(host) + ":" + port);
    }

    public static Target grpc(String authority) {
        String bare = withoutUserInfo(authority).toLowerCase(Locale.ROOT);
        int host = bare.lastIndexOf('/') + 1;
        return new Target(GRPC, bare.substring(0, host) + HostAndPort.normal(bare.substring(host), ""));
    }

    public static Target jdbc(String url) {
        return new Target(JDBC, JdbcUrl.normal(url));
    }

    /** One route of this target: a path of folded identifiers, or a method with a slash before it. */
    public Target route(String route) {
        return new Target(protocol, name + route);
    }

    /** What the routes of this target share that are too many to have a place each. */
    public Target moreRoutes() {
        return route("/(more routes)");
    }

    /** What the targets of this one's host share that find no place of their own; all of the protocol, without a host. */
    public Target ofHost() {
        int start = name.indexOf("://") < 0 ? 0 : name.indexOf("://") + 3;
        if (name.startsWith("/", start)) {
            start++; // dns:///
        } else if (start == 0 && protocol.equals(JDBC)) {
            return overflow(protocol);
        }
        int slash = name.indexOf('/', start);
        String hosts = HostAndPort.hosts(name.substring(start, slash < 0 ? name.length() : slash));
        return hosts.isEmpty()
                ? overflow(protocol)
                : new Target(protocol, name.substring(0, start) + hosts + "/" + MORE_TARGETS);
    }

    /** What is shared by all targets that find no place, not even with others of their host. */
    public static Target overflow(String protocol) {
        return new Target(protocol, MORE_TARGETS);
    }

    private static String withoutUserInfo(String authority) {
        int at = authority.lastIndexOf('@');
        if (at < 0) {
            return authority;
        }
        int scheme = authority.indexOf("//");
        return (scheme < 0 || scheme > at ? "" : authority.substring(0, scheme + 2)) + authority.substring(at + 1);
    }
}
