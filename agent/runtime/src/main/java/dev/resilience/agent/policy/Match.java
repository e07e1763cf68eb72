package dev.resilience.agent.policy;

import static dev.resilience.agent.policy.BadValue.require;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which calls a policy guards. What is null or empty matches all; a call matches only if its protocol has every part
 * that is given.
 *
 * @param protocol the only protocol, or null for each that has the given parts
 * @param host HTTP
 * @param ports HTTP, 1 to 65535
 * @param methods HTTP and gRPC: any of these, whatever their case
 * @param path HTTP, without the query
 * @param authority gRPC
 * @param service gRPC, with its package
 * @param url JDBC, without its parameters
 * @param pool JDBC
 */
public record Match(
        @Nullable Protocol protocol,
        @Nullable Glob host,
        List<Integer> ports,
        List<Glob> methods,
        @Nullable Glob path,
        @Nullable Glob authority,
        @Nullable Glob service,
        @Nullable Glob url,
        @Nullable Glob pool) {

    /** Every call. */
    public static final Match ALL = new Match(null, null, List.of(), List.of(), null, null, null, null, null);

    public Match {
        ports = List.copyOf(ports);
        methods = List.copyOf(methods);
        for (int port : ports) {
            require(port >= 1 && port <= 65535, "match.port", "1 to 65535");
        }
        boolean http = host != null || !ports.isEmpty() || path != null;
        boolean grpc = authority != null || service != null;
        boolean jdbc = url != null || pool != null;
        boolean possible = protocol == null
                ? !((http && grpc) || (jdbc && (http || grpc || !methods.isEmpty())))
                : switch (protocol) {
                    case HTTP -> !grpc && !jdbc;
                    case GRPC -> !http && !jdbc;
                    case JDBC -> !http && !grpc && methods.isEmpty();
                };
        require(
                possible,
                "match",
                "of one protocol (http: host, port, method, path; grpc: authority, service, method; jdbc: url, pool)");
    }

    /** Whether any call of this protocol can match. */
    public boolean serves(Protocol other) {
        if (protocol != null) {
            return protocol == other;
        }
        boolean http = host != null || !ports.isEmpty() || path != null;
        boolean grpc = authority != null || service != null;
        boolean jdbc = url != null || pool != null;
        return switch (other) {
            case HTTP -> !grpc && !jdbc;
            case GRPC -> !http && !jdbc;
            case JDBC -> !http && !grpc && methods.isEmpty();
        };
    }

    boolean http(String method, String host, int port, String path) {
        return serves(Protocol.HTTP)
                && fits(this.host, host)
                && fitsPort(port)
                && fitsMethod(method)
                && fits(this.path, path);
    }

    boolean grpc(String authority, String service, String method) {
        return serves(Protocol.GRPC)
                && fits(this.authority, authority)
                && fits(this.service, service)
                && fitsMethod(method);
    }

    boolean jdbc(String url, @Nullable String pool) {
        return serves(Protocol.JDBC) && fits(this.url, url) && fits(this.pool, pool);
    }

    private static boolean fits(@Nullable Glob glob, @Nullable String text) {
        return glob == null || (text != null && glob.matches(text));
    }

    private boolean fitsPort(int port) {
        for (int i = 0; i < ports.size(); i++) {
            if (ports.get(i) == port) {
                return true;
            }
        }
        return ports.isEmpty();
    }

    private boolean fitsMethod(String method) {
        for (int i = 0; i < methods.size(); i++) {
            if (methods.get(i).matches(method)) {
                return true;
            }
        }
        return methods.isEmpty();
    }
}
