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

    /** The port is there even where it is the scheme's own. */
    public static Target http(String scheme, String host, int port) {
        return new Target(HTTP, scheme.toLowerCase(Locale.ROOT) + "://" + host.toLowerCase(Locale.ROOT) + ":" + port);
    }

    public static Target grpc(String authority) {
        return new Target(GRPC, withoutUserInfo(authority).toLowerCase(Locale.ROOT));
    }

    public static Target jdbc(String url) {
        return new Target(JDBC, JdbcUrl.bare(url));
    }

    /** One route of this target: a path of folded identifiers, or a method with a slash before it. */
    public Target route(String route) {
        return new Target(protocol, name + route);
    }

    /** What is shared by all targets beyond the bound. */
    public static Target overflow(String protocol) {
        return new Target(protocol, "(more targets)");
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
