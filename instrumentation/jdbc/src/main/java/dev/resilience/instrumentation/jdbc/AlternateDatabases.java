package dev.resilience.instrumentation.jdbc;

import dev.resilience.instrumentation.api.Alternate;
import dev.resilience.instrumentation.api.Contained;
import dev.resilience.instrumentation.api.CredentialHeaders;
import dev.resilience.instrumentation.api.Faults;
import dev.resilience.instrumentation.api.MessageAsk;
import dev.resilience.instrumentation.api.MessageKeeper;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.Driver;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLNonTransientConnectionException;
import java.sql.SQLTimeoutException;
import java.sql.Statement;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Databases that are asked in place of others, what only reads: each opened by the driver of the connection it serves. */
final class AlternateDatabases {
    /*
     * The caller's own thread asks, and the guard of the alternate decides on that as on any other call, but has no
     * fallback for it. What is read is copied whole, so a connection is free again at once; a few are kept open for a
     * while, each for those that were opened alike.
     *
     * How long all that may take is bounded from outside: then the sockets are closed that were opened for it, or, where
     * there are none, the statement is cancelled. A connection that this happened to is never used again.
     */
    private static final long IDLE_NANOS = TimeUnit.SECONDS.toNanos(30);

    private static final int MOST_IDLE = 8;

    /** Of the rows of one answer: while they are handed over they are there twice. */
    private static final int MOST_BYTES = 64 << 20;

    /** Beside those that say so by their name. */
    private static final Set<String> CREDENTIALS = Set.of("user", "sslcert", "sslkey");

    /** Which server is meant, and how long it may take, is said by who names the alternate; in lower case. */
    private static final Set<String> OF_SERVER = Set.of(
            "targetservertype",
            "logintimeout",
            "pghost",
            "pgport",
            "pgdbname",
            "socketfactory",
            "socketfactoryarg",
            "unixsocketpath",
            "cloudsqlinstance");

    /** Most settings of H2 are the database's. These are the connection's, and say what a statement means. */
    private static final Set<String> OF_H2 = Set.of("schema", "schema_search_path", "mode", "time zone");

    /** A file or a script that nobody here reads says more of the connection. */
    private static final Set<String> OF_OTHERS = Set.of("service", "init");

    /** The database is closed, or the connection to it. */
    private static final Set<String> LOSSES_OF_H2 = Set.of("90007", "90067", "90098", "90121");

    /** From one cancel to the next. */
    private static final long STEP_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private static final String LOGIN_TIMEOUT = "loginTimeout";

    private final Databases databases;
    private final Faults faults;
    /** Guarded by itself, as is whether somebody will look after them. The latest is the first. */
    private final Deque<Idle> idle = new ArrayDeque<>();

    private boolean isSwept;

    AlternateDatabases(Databases databases, Faults faults) {
        this.databases = databases;
        this.faults = faults;
    }

    private record Name(Driver driver, String url, Map<String, String> settings) {}

    private record Idle(Name name, Connection connection, long sinceNanos) {}

    /** What the alternate answers, as {@link KeptRows} read it; throws if that is nothing, or nothing in time. */
    byte[] rows(Alternate alternate, Asking asking) throws SQLException, IOException {
        Name name = name(alternate, asking);
        long[] here = Nesting.here();
        Bound bound = new Bound();
        here[Nesting.ASKED]++;
        try {
            bound.begin(alternate.deadlineNanos());
            Connection kept = take(name);
            while (kept != null) {
                try {
                    return read(name, kept, asking, bound);
                } catch (SQLException failed) {
                    if (bound.isCut() || !isOfLoss(failed)) {
                        throw failed;
                    }
                }
                kept = take(name); // that one was lost while nobody used it
            }
            return read(name, open(name), asking, bound);
        } finally {
            here[Nesting.ASKED]--;
            boolean isEnded = false;
            try {
                bound.end();
                isEnded = true;
            } finally {
                if (!isEnded) {
                    Wires.leave();
                }
            }
        }
    }

    private byte[] read(Name name, Connection connection, Asking asking, Bound bound) throws SQLException, IOException {
        boolean isSound = false;
        try {
            bound.use(connection);
            byte[] rows = read(connection, asking, bound);
            isSound = bound.release();
            return rows;
        } catch (NoAnswer notItsFault) {
            isSound = bound.release();
            throw notItsFault;
        } catch (SQLException failed) {
            isSound = bound.release() && !isOfLoss(failed) && !connection.isClosed();
            throw failed;
        } finally {
            if (isSound) {
                keep(name, connection);
            } else {
                discard(connection);
            }
        }
    }

    /** Of PostgreSQL it may also be told, on its connection, that it was ended; H2 has states of its own for all that. */
    private static boolean isOfLoss(SQLException failed) {
        String state = SqlEndings.state(failed);
        return failed instanceof SQLNonTransientConnectionException
                || SqlEndings.isOfConnection(state)
                || (state != null && (state.startsWith("57P") || LOSSES_OF_H2.contains(state)));
    }

    private static byte[] read(Connection connection, Asking asking, Bound bound) throws SQLException, IOException {
        Prepared asked = asking.prepared();
        if (asked == null) {
            throw new IllegalStateException("nobody knows what is asked");
        }
        boolean isPrepared = asking.text() == null;
        try (Statement statement =
                isPrepared ? connection.prepareStatement(asked.sql()) : connection.createStatement()) {
            bound.run(statement);
            statement.setMaxRows(asking.maxRows());
            ResultSet rows;
            if (statement instanceof PreparedStatement prepared && isPrepared) {
                asked.bindTo(prepared);
                rows = prepared.executeQuery();
            } else {
                rows = statement.executeQuery(asked.sql());
            }
            Whole whole = new Whole();
            RowCopy copy = RowCopy.of(rows, asking.ask(), whole);
            while (copy != null && !copy.isOver()) {
                copy.advanced(rows.next());
            }
            byte[] bytes = whole.bytes;
            if (bytes == null) {
                throw new NoAnswer("no_plain_rows", "the rows of the alternate are too many, or not to be copied");
            }
            return bytes;
        }
    }

    /** A copy that was made to its end. */
    private static final class Whole implements MessageKeeper {
        private byte @Nullable [] bytes;

        @Override
        public int mostBytes() {
            return MOST_BYTES;
        }

        @Override
        public void keep(MessageAsk ask, byte[] rows) {
            bytes = rows;
        }
    }

    // Connections.

    private static Name name(Alternate alternate, Asking asking) throws SQLException {
        String url = alternate.url();
        Session session = asking.session();
        Driver driver = session == null ? null : session.driver();
        if (url == null || session == null || driver == null || !driver.acceptsURL(url)) {
            throw new NoAnswer("no_driver", "the driver of the connection does not open the alternate");
        }
        if (JdbcUrl.withoutSecrets(url).equals(asking.database().url())) {
            throw new NoAnswer("itself", "the alternate is the database itself");
        }
        return new Name(driver, url, settings(session.opener(), url, alternate.sendsCredentials()));
    }

    /**
     * What a connection was opened with and the alternate is opened with too, unless its own URL says otherwise. Throws
     * where that does not say it all.
     */
    static Map<String, String> settings(List<String> opener, String alternate, boolean withCredentials) {
        boolean isH2 = isH2(alternate);
        Map<String, String> settings = settings(isH2);
        for (int at = 1; at + 1 < opener.size(); at += 2) {
            settings.put(opener.get(at), opener.get(at + 1));
        }
        settings.putAll(parameters(opener.get(0)));
        Set<String> said = parameters(alternate).keySet();
        settings.keySet().removeAll(said);
        for (Iterator<String> keys = settings.keySet().iterator(); keys.hasNext(); ) {
            String name = keys.next().toLowerCase(Locale.ROOT);
            if (OF_OTHERS.contains(name)) {
                throw new NoAnswer("unknown_session", "its connection was opened with " + name);
            }
            boolean isCredential = CREDENTIALS.contains(name) || CredentialHeaders.contains(name);
            boolean isKept = isCredential ? withCredentials : isH2 ? OF_H2.contains(name) : !OF_SERVER.contains(name);
            if (!isKept) {
                keys.remove();
            }
        }
        if (!isH2 && !said.contains(LOGIN_TIMEOUT)) {
            settings.put(LOGIN_TIMEOUT, "0"); // else pgjdbc may take that of all drivers, and open it on another thread
        }
        return settings;
    }

    private static boolean isH2(String url) {
        return url.startsWith("jdbc:h2:");
    }

    /** Names have no case in H2. */
    private static Map<String, String> settings(boolean isH2) {
        return isH2 ? new TreeMap<>(String.CASE_INSENSITIVE_ORDER) : new TreeMap<>();
    }

    /** As the URLs of PostgreSQL and H2 have them. */
    private static Map<String, String> parameters(String url) {
        boolean isH2 = isH2(url);
        Map<String, String> parameters = settings(isH2);
        int begin = url.indexOf(isH2 ? ';' : '?');
        String all = begin < 0 ? "" : url.substring(begin + 1);
        for (String parameter : all.split(isH2 ? ";" : "&", -1)) {
            int equals = parameter.indexOf('=');
            String value = equals < 0 ? "" : parameter.substring(equals + 1);
            String name = equals < 0 ? parameter : parameter.substring(0, equals);
            if (!name.isEmpty()) {
                parameters.put(name, isH2 ? value : URLDecoder.decode(value, StandardCharsets.UTF_8));
            }
        }
        return parameters;
    }

    private static Connection open(Name name) throws SQLException {
        Properties properties = new Properties();
        properties.putAll(name.settings());
        Connection opened = name.driver().connect(name.url(), properties);
        if (opened == null) {
            throw new NoAnswer("no_driver", "the driver of the connection does not open the alternate");
        }
        return opened;
    }

    private @Nullable Connection take(Name name) {
        synchronized (idle) {
            for (Iterator<Idle> each = idle.iterator(); each.hasNext(); ) {
                Idle kept = each.next();
                if (kept.name.equals(name)) {
                    each.remove();
                    return kept.connection;
                }
            }
        }
        return null;
    }

    private void keep(Name name, Connection connection) {
        boolean isKept;
        boolean isFirst = false;
        synchronized (idle) {
            isKept = idle.size() < MOST_IDLE;
            if (isKept) {
                idle.push(new Idle(name, connection, System.nanoTime()));
                isFirst = !isSwept;
                isSwept = true;
            }
        }
        if (!isKept) {
            discard(connection);
        } else if (isFirst) {
            sweepLater();
        }
    }

    /** On a thread of the JDK's own, as to close a connection may take a while. */
    private void sweepLater() {
        CompletableFuture.delayedExecutor(IDLE_NANOS, TimeUnit.NANOSECONDS)
                .execute(() -> Contained.run(faults, "jdbc/alternate", this::sweep));
    }

    private void sweep() {
        List<Idle> left = new ArrayList<>();
        boolean isMore;
        synchronized (idle) {
            isSwept = false;
            long now = System.nanoTime();
            while (!idle.isEmpty() && now - idle.getLast().sinceNanos >= IDLE_NANOS) {
                left.add(idle.removeLast());
            }
            isMore = !idle.isEmpty();
            isSwept = isMore;
        }
        if (isMore) {
            sweepLater();
        }
        left.forEach(each -> Contained.run(faults, "jdbc/alternate", () -> discard(each.connection)));
    }

    private void discard(Connection connection) {
        long[] here = Nesting.here();
        here[Nesting.KEPT_OUT]++;
        try {
            connection.close();
        } catch (SQLException closed) {
            // as it was meant to be
        } finally {
            here[Nesting.KEPT_OUT]--;
        }
    }

    /** How long one asking may take. */
    private final class Bound {
        private final Wires wires = new Wires(null);
        private final CompletableFuture<Boolean> isLate = new CompletableFuture<>();
        // All guarded by this.
        private @Nullable Connection connection;
        private @Nullable Statement statement;
        private boolean cut;

        /** On the thread that asks. */
        @SuppressWarnings("FutureReturnValueIgnored") // what goes wrong then is contained
        void begin(long nanos) {
            wires.attach();
            isLate.thenAccept(late -> {
                if (late) {
                    Contained.run(faults, "jdbc/alternate", this::cut);
                }
            });
            isLate.completeOnTimeout(true, nanos, TimeUnit.NANOSECONDS);
        }

        /** On the same thread; nothing happens from now on. */
        void end() {
            isLate.complete(false);
            release();
            wires.detach();
        }

        synchronized void use(Connection used) throws SQLException {
            requireTime();
            connection = used;
        }

        synchronized void run(Statement used) throws SQLException {
            requireTime();
            statement = used;
        }

        /** Whether the connection can be used by the next. */
        synchronized boolean release() {
            connection = null;
            statement = null;
            return !cut;
        }

        synchronized boolean isCut() {
            return cut;
        }

        private void requireTime() throws SQLException {
            if (cut) {
                throw new SQLTimeoutException("the alternate did not answer in time");
            }
        }

        /** On a thread of the JDK's that only waits: what may block is done on another. */
        private void cut() {
            Connection used;
            Statement running;
            synchronized (this) {
                cut = true;
                used = connection;
                running = statement;
            }
            wires.cut();
            if (used != null && !databases.sever(used)) {
                CompletableFuture.delayedExecutor(0, TimeUnit.NANOSECONDS)
                        .execute(() -> Contained.run(faults, "jdbc/alternate", () -> stop(used, running)));
            }
        }

        /** Without its sockets: a cancel that comes before the statement is executed finds nothing, so there are several. */
        private void stop(Connection used, @Nullable Statement running) {
            long until = System.nanoTime() + StatementCall.GRACE_NANOS;
            while (isUsing(used) && running != null && until - System.nanoTime() > 0) {
                BoundedWork.run(() -> cancel(running), until - System.nanoTime());
                LockSupport.parkNanos(STEP_NANOS);
            }
            if (isUsing(used)) {
                StatementCall.abort(used, StatementCall.GRACE_NANOS, faults);
            }
        }

        private synchronized boolean isUsing(Connection used) {
            return connection == used;
        }

        private void cancel(Statement running) {
            try {
                running.cancel();
            } catch (SQLException over) {
                // then there is nothing to cancel
            } catch (Throwable fault) {
                faults.report("jdbc/alternate", fault);
            }
        }
    }
}
