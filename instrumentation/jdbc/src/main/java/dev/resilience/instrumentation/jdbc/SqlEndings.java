package dev.resilience.instrumentation.jdbc;

import dev.resilience.instrumentation.api.Ending;
import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.sql.SQLException;
import java.sql.SQLNonTransientConnectionException;
import java.sql.SQLRecoverableException;
import java.sql.SQLTimeoutException;
import java.sql.SQLTransientConnectionException;
import java.util.Locale;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.function.Predicate;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** What the exceptions of drivers and pools say about the database. */
final class SqlEndings {
    /** The state of a call refused before it was made. Private, so that no pool takes it for a dead connection. */
    static final String REFUSED = "RS001";

    /** The state of a query that was cancelled: PostgreSQL, H2; MySQL, MariaDB; SQL Server; Oracle. */
    private static final Set<String> CANCELLED = Set.of("57014", "70100", "HY008", "72000");

    private static final int CHAIN = 16;

    /** The ending of a statement or a connection attempt that threw. */
    static Ending of(Throwable thrown) {
        SQLException sql = sql(thrown);
        if (sql instanceof SQLTimeoutException) {
            return Ending.failed(Ending.TIMEOUT, thrown);
        }
        String state = sql == null ? null : state(sql);
        boolean ofConnection = sql instanceof SQLTransientConnectionException
                || sql instanceof SQLNonTransientConnectionException
                || sql instanceof SQLRecoverableException;
        if (state != null) {
            return ofConnection || isOfConnection(state)
                    ? Ending.failed(state, thrown)
                    : Ending.answered(state, thrown);
        }
        String transport = transport(thrown);
        if (transport != null) {
            return Ending.failed(transport, thrown);
        }
        return Ending.failed(ofConnection ? Ending.IO : Ending.OTHER, thrown);
    }

    /** The ending of a getConnection that threw. */
    static Ending ofBorrowing(Throwable thrown, boolean ofPool) {
        if (find(thrown, cause -> cause instanceof SQLException sql && REFUSED.equals(sql.getSQLState())) != null) {
            // The pool waited for a connection that we did not let it open: of the database nothing is known.
            return new Ending(Ending.CANCELLED.token(), false, thrown);
        }
        return ofPool && isPoolTimeout(thrown) ? Ending.failed(Ending.POOL_TIMEOUT, thrown) : of(thrown);
    }

    private static boolean isPoolTimeout(Throwable thrown) {
        return thrown instanceof SQLTransientConnectionException
                || thrown.getCause() instanceof NoSuchElementException
                || thrown.getClass().getSimpleName().contains("PoolExhausted")
                || thrown.getClass().getSimpleName().contains("GetConnectionTimeout")
                || String.valueOf(thrown.getMessage()).toLowerCase(Locale.ROOT).contains("acquisition timeout");
    }

    /** Whether this is how a driver reports a cancelled query, by whomever. */
    static boolean isCancelled(Throwable thrown) {
        SQLException sql = sql(thrown);
        String state = sql == null ? null : state(sql);
        return state != null && CANCELLED.contains(state);
    }

    /** Whether the database gave a verdict of its own on the statement: it beats a cancel that came too late. */
    static boolean isVerdict(SQLException thrown) {
        String state = state(thrown);
        return state != null && (state.startsWith("22") || state.startsWith("23") || state.startsWith("42"));
    }

    /** Its SQLState, or that of the exception chained to it: batches of some drivers carry it there. */
    static @Nullable String state(SQLException thrown) {
        String state = thrown.getSQLState();
        SQLException next = thrown.getNextException();
        return state == null && next != null ? next.getSQLState() : state;
    }

    static boolean isOfConnection(@Nullable String state) {
        return state != null && state.startsWith("08");
    }

    private static @Nullable String transport(Throwable thrown) {
        IOException io = (IOException) find(thrown, IOException.class::isInstance);
        if (io == null) {
            return null;
        }
        if (io instanceof SocketTimeoutException) {
            return Ending.TIMEOUT;
        }
        if (io instanceof ConnectException || io instanceof NoRouteToHostException) {
            return Ending.CONNECT;
        }
        if (io instanceof UnknownHostException) {
            return Ending.DNS;
        }
        return io instanceof SSLException ? Ending.TLS : Ending.IO;
    }

    private static @Nullable SQLException sql(Throwable thrown) {
        return (SQLException) find(thrown, SQLException.class::isInstance);
    }

    private static @Nullable Throwable find(Throwable thrown, Predicate<Throwable> sought) {
        int left = CHAIN;
        for (Throwable cause = thrown; cause != null && left > 0; cause = cause.getCause(), left--) {
            if (sought.test(cause)) {
                return cause;
            }
        }
        return null;
    }

    private SqlEndings() {}
}
