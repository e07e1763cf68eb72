package dev.resilience.instrumentation.jdbc;

import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.lang.ref.WeakReference;
import java.net.Socket;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/** Which database a connection or a data source leads to. */
final class Databases {
    /** Beyond this many, databases are no longer shared between their connections; the guards still are. */
    private static final int SHARED = 1_000;

    /** How deep data sources that wrap another are followed. */
    private static final int DEPTH = 4;

    private static final List<String> URL_GETTERS = List.of("getJdbcUrl", "getUrl", "getURL");
    private static final ClassValue<Getters> GETTERS = new ClassValue<>() {
        @Override
        protected Getters computeValue(Class<?> type) {
            MethodHandle url = null;
            for (String name : URL_GETTERS) {
                url = url == null ? PublicMethods.find(type, name, String.class) : url;
            }
            return new Getters(
                    url,
                    PublicMethods.find(type, "getPoolName", String.class),
                    PublicMethods.find(type, "getDataSource", DataSource.class));
        }
    };

    /** What fetches further rows of all results of a connection, where the driver has such a thing (pgjdbc). */
    private static final ClassValue<Fetcher> FETCHER = new ClassValue<>() {
        @Override
        protected Fetcher computeValue(Class<?> type) {
            return new Fetcher(PublicMethods.find(type, "getQueryExecutor", "org.postgresql.core.QueryExecutor"));
        }
    };

    private final ConcurrentHashMap<Key, Database> shared = new ConcurrentHashMap<>();
    private final WeakIdentityMap<Database> ofConnections = new WeakIdentityMap<>();
    private final WeakIdentityMap<Database> ofDataSources = new WeakIdentityMap<>();
    private final WeakIdentityMap<List<Socket>> socketsOf = new WeakIdentityMap<>();
    private final WeakIdentityMap<WeakReference<Connection>> ofFetchers = new WeakIdentityMap<>();

    private record Key(String url, @Nullable String pool) {}

    private record Fetcher(@Nullable MethodHandle of) {}

    private record Getters(
            @Nullable MethodHandle url,
            @Nullable MethodHandle pool,
            @Nullable MethodHandle wrapped) {}

    Database of(String url, @Nullable String pool) {
        Key key = new Key(JdbcUrl.withoutSecrets(url), pool);
        Database known = shared.get(key);
        if (known != null) {
            return known;
        }
        Openings openings = pool == null ? new Openings() : of(url, null).openings();
        Database made = new Database(key.url, pool, openings);
        if (shared.size() >= SHARED) {
            return made;
        }
        Database first = shared.putIfAbsent(key, made);
        return first == null ? made : first;
    }

    @Nullable
    Database of(Connection connection) {
        return ofConnections.get(connection);
    }

    /**
     * The database of a connection that nobody saw being opened, as its metadata says, which drivers have at hand. A
     * wrapper that hands out the metadata of the connection within leads nowhere: the driver's statement is asked next.
     */
    @Nullable
    Database ask(Connection connection) {
        Database found = Database.NOWHERE;
        try {
            DatabaseMetaData metadata = connection.getMetaData();
            String url = metadata != null && metadata.getConnection() == connection ? metadata.getURL() : null;
            if (url != null && url.startsWith("jdbc:")) {
                found = of(url, null);
            }
        } catch (SQLException closed) {
            return null; // and the driver says so itself
        }
        learn(connection, found);
        return found.isNowhere() ? null : found;
    }

    /** The database of a data source: as its getters say, or as learnt from a connection it gave. */
    @Nullable
    Database of(DataSource source) throws Throwable {
        Database known = ofDataSources.get(source);
        if (known != null) {
            return known;
        }
        String url = url(source, DEPTH);
        if (url == null || !url.startsWith("jdbc:")) {
            return null;
        }
        MethodHandle poolName = GETTERS.get(source.getClass()).pool();
        String pool = poolName == null ? null : (String) poolName.invoke(source);
        Database database = of(url, pool);
        if (poolName == null || pool != null) {
            ofDataSources.put(source, database);
        }
        return database;
    }

    void learn(Connection physical, Database database) {
        ofConnections.put(physical, database);
        MethodHandle fetcher = FETCHER.get(physical.getClass()).of();
        if (fetcher != null && !database.isNowhere()) {
            try {
                ofFetchers.put((Object) fetcher.invoke(physical), new WeakReference<>(physical));
            } catch (Throwable unknown) {
                // Then its fetches are not known for its own, and left alone.
            }
        }
    }

    /** Keeps the sockets of a connection with it, for {@link #sever}. */
    void learn(Connection physical, List<Socket> sockets) {
        if (!sockets.isEmpty()) {
            socketsOf.put(physical, sockets);
        }
    }

    /** Whether a socket of a connection is known and open, so that {@link #sever} can end what waits for it. */
    boolean canSever(Connection physical) {
        List<Socket> sockets = socketsOf.get(physical);
        return sockets != null && sockets.stream().anyMatch(socket -> !socket.isClosed());
    }

    /**
     * Closes the sockets of a connection, which no driver can be kept waiting for; false if none was open that is known,
     * as one that a driver opened to connect anew is not.
     */
    boolean sever(Connection physical) {
        List<Socket> sockets = socketsOf.get(physical);
        if (sockets == null) {
            return false;
        }
        boolean isSevered = false;
        for (Socket socket : sockets) {
            isSevered |= !socket.isClosed();
            try {
                socket.close();
            } catch (IOException closed) {
                // Then nobody waits for it any more.
            }
        }
        return isSevered;
    }

    /** The connection that this fetches rows for, if it is known. */
    @Nullable
    Connection ofFetcher(Object fetcher) {
        WeakReference<Connection> known = ofFetchers.get(fetcher);
        return known == null ? null : known.get();
    }

    void learn(DataSource source, Database database) {
        ofDataSources.put(source, database);
    }

    private static @Nullable String url(DataSource source, int depth) throws Throwable {
        Getters getters = GETTERS.get(source.getClass());
        String url = getters.url == null ? null : (String) getters.url.invoke(source);
        if (url != null || getters.wrapped == null || depth == 0) {
            return url;
        }
        DataSource wrapped = (DataSource) getters.wrapped.invoke(source);
        return wrapped == null || wrapped == source ? null : url(wrapped, depth - 1);
    }
}
