package dev.resilience.instrumentation.jdbc;

import dev.resilience.instrumentation.api.Again;
import dev.resilience.instrumentation.api.Agent;
import dev.resilience.instrumentation.api.Call;
import dev.resilience.instrumentation.api.Ending;
import dev.resilience.instrumentation.api.Fallback;
import dev.resilience.instrumentation.api.Guard;
import dev.resilience.instrumentation.api.Guards;
import dev.resilience.instrumentation.api.Reason;
import dev.resilience.instrumentation.api.Refusal;
import dev.resilience.instrumentation.jdbc.StatementCall.Cut;
import java.net.Socket;
import java.sql.BatchUpdateException;
import java.sql.Connection;
import java.sql.Driver;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.sql.SQLTransientConnectionException;
import java.sql.SQLTransientException;
import java.sql.Statement;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import javax.net.SocketFactory;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Between woven JDBC code and the guard. What enters gives, the advice hands to exit unseen: the exception to throw
 * instead of making the call, or the state of the call that was admitted. It is no array, as the compiler of Java 17
 * leaves one on the heap that may also be null.
 */
final class JdbcAdapter {
    private static final String CANCEL_SIGNAL_TIMEOUT = "cancelSignalTimeout";

    /** The state of a connection that could not be made. */
    private static final String CONNECT_FAILED = "08001";

    private static final String CUT_WHILE_OPENED = "cut short by its deadline while it was opened";

    private final Guards guards;
    private final Databases databases = new Databases();
    private final WeakIdentityMap<Long> cancelledAt = new WeakIdentityMap<>();
    private final StatementAnswers answers;
    private final Hosts hosts;

    JdbcAdapter(Guards guards) {
        this.guards = guards;
        this.hosts = new Hosts(guards);
        this.answers = new StatementAnswers(guards, databases);
    }

    StatementAnswers answers() {
        return answers;
    }

    Databases databases() {
        return databases;
    }

    /** The one that all advice shares. */
    static JdbcAdapter shared() {
        return Shared.ADAPTER;
    }

    private static final class Shared {
        static final JdbcAdapter ADAPTER = new JdbcAdapter(Agent.guards());
    }

    // Statements.

    /**
     * A statement is executed.
     *
     * @param argument the first that it is executed with: its text, where that is one
     * @param givesRows whether the method is one that may
     */
    @Nullable
    Object execute(Statement statement, @Nullable Object argument, boolean givesRows) {
        long[] here = Nesting.here();
        if (here[Nesting.EXECUTING] != 0) {
            return null;
        }
        // class files too old for a single argument hand on all of them
        Object first = argument instanceof Object[] all ? (all.length == 0 ? null : all[0]) : argument;
        if (here[Nesting.KEPT_OUT] != 0) {
            if (Watched.any()) {
                keptOut(statement, first);
            }
            return null;
        }
        return begin(statement, connectionOf(statement), first, givesRows, false, here);
    }

    /** Nobody decides on it, but it may be what changes its connection; not what a driver says there on its own account. */
    private void keptOut(Statement statement, @Nullable Object argument) {
        Connection connection = argument == null || argument instanceof String ? connectionOf(statement) : null;
        if (connection != null) {
            answers.executing(statement, connection, argument);
        }
    }

    /** A driver fetches further rows: of a result that knows its statement, or for any result of a connection. */
    @Nullable
    Object fetch(Object fetcher) {
        long[] here = Nesting.here();
        if (here[Nesting.EXECUTING] != 0 || here[Nesting.KEPT_OUT] != 0) {
            return null;
        }
        if (!(fetcher instanceof ResultSet rows)) {
            return begin(null, databases.ofFetcher(fetcher), null, false, true, here);
        }
        try {
            Statement statement = rows.getStatement();
            return statement == null ? null : begin(statement, connectionOf(statement), null, false, true, here);
        } catch (SQLException closed) {
            return null; // and the driver says so itself
        }
    }

    private @Nullable Object begin(
            @Nullable Statement statement,
            @Nullable Connection connection,
            @Nullable Object argument,
            boolean givesRows,
            boolean fetches,
            long[] here) {
        StatementCall call = null;
        try {
            Statement watched = fetches || !Watched.any() ? null : statement;
            if (watched != null && connection != null) {
                answers.executing(watched, connection, argument);
            }
            Database database = connection == null ? null : databaseOf(connection, here);
            Guard guard = database == null ? null : database.guard(guards);
            if (connection == null || database == null || guard == null) {
                return null;
            }
            Asking asking = watched == null || here[Nesting.ASKED] != 0
                    ? null
                    : answers.asking(watched, connection, argument, givesRows, database, guard);
            call = new StatementCall(
                    statement, connection, fetches, database, databases, guard, asking, null, guards.faults());
            Refusal refusal = guard.tryAcquire(call);
            if (refusal != null) {
                if (!isOfLimit(refusal)) {
                    database.refused();
                }
                SQLException refused = new RefusedStatementException(refusal);
                Given given = instead(refusal.fallback(), asking, refused);
                return given == null ? refused : given;
            }
            here[Nesting.EXECUTING] = 1;
            return call;
        } catch (Throwable fault) {
            report("jdbc/execute", fault);
            if (call != null) {
                call.over();
                settle(call.owner(), call, Ending.CANCELLED);
            }
            return null;
        }
    }

    /** A limit says nothing of the database. */
    private static boolean isOfLimit(Refusal refusal) {
        return refusal.reason() == Reason.RATE_LIMITED || refusal.reason() == Reason.CONCURRENCY_LIMIT;
    }

    Object @Nullable [] executed(@Nullable Object entered, @Nullable Object returned, @Nullable Throwable thrown) {
        if (entered instanceof Given given) {
            return new Object[] {given.insteadOf(returned), null};
        }
        if (entered instanceof Throwable refused) {
            return new Object[] {returned, refused};
        }
        if (!(entered instanceof StatementCall call)) {
            return null;
        }
        Nesting.here()[Nesting.EXECUTING] = 0;
        try {
            return ended(call, returned, thrown);
        } catch (Throwable fault) {
            report("jdbc/executed", fault);
            settle(call.owner(), call, Ending.CANCELLED);
            return null;
        }
    }

    /** Null to hand on what came of it. */
    private Object @Nullable [] ended(StatementCall call, @Nullable Object returned, @Nullable Throwable thrown)
            throws SQLException {
        Cut cut = call.over();
        if (thrown == null) {
            if (cut != null && cut.aborted()) {
                call.abortAfterwards(); // before a pool gives it to the next
            }
            call.database().succeeded();
            settle(call.owner(), call, Ending.OK);
            answered(call.asking(), returned);
            return null;
        }
        SQLException toThrow = cut == null ? null : cutResult(cut, thrown);
        if (cut == null || toThrow == null) {
            Fallback first = call.owner().settle(call, endingOf(call, thrown));
            Again again = first == null ? null : first.again();
            Asking asking = call.asking();
            if (first != null && again != null && asking != null) {
                return again(first, again, call, asking, returned, thrown);
            }
            Given given = instead(first, asking, thrown);
            return given == null ? null : new Object[] {given.insteadOf(returned), null};
        }
        Given given = null;
        if (cut.reason().reason().isTimeout()) {
            given = instead(call.owner().settleExpired(call, thrown), call.asking(), toThrow);
        } else {
            settle(call.owner(), call, new Ending(Ending.CANCELLED.token(), false, thrown));
        }
        return given == null ? new Object[] {returned, toThrow} : new Object[] {given.insteadOf(returned), null};
    }

    /**
     * Makes a statement once more, on this thread, which waits for it as it waits for the driver. Null to hand on what
     * the attempt before it ended with.
     */
    private Object @Nullable [] again(
            Fallback link,
            Again again,
            StatementCall before,
            Asking asking,
            @Nullable Object returned,
            Throwable thrown) {
        StatementCall next = before.again(again);
        boolean isDecided = false;
        Object @Nullable [] came = null;
        try {
            TimeUnit.NANOSECONDS.sleep(again.afterNanos());
            if (!next.isAsItWas() || isCancelledByCaller(asking.statement(), before)) {
                link.tooLate(thrown);
                return null;
            }
            Refusal refusal = next.owner().tryAcquire(next);
            isDecided = true;
            link.served();
            if (refusal != null) {
                Given given = instead(refusal.fallback(), asking, thrown);
                return given == null ? null : new Object[] {given.insteadOf(returned), null};
            }
            came = make(asking, returned);
            Object[] other = ended(next, came[0], (Throwable) came[1]);
            return other == null ? came : other;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            link.tooLate(e);
        } catch (Throwable fault) {
            report("jdbc/again", fault);
            settle(next.owner(), next, Ending.CANCELLED);
            if (!isDecided) {
                link.tooLate(fault);
            }
        }
        return came;
    }

    /** By the method that was called, as far as what it returns tells them apart: what that gave, and what it threw. */
    private static Object[] make(Asking asking, @Nullable Object returned) {
        boolean isExecute = returned instanceof Boolean;
        Statement statement = asking.statement();
        String text = asking.text();
        long[] here = Nesting.here();
        here[Nesting.EXECUTING] = 1;
        try {
            if (text == null && statement instanceof PreparedStatement prepared) {
                return new Object[] {isExecute ? (Object) prepared.execute() : prepared.executeQuery(), null};
            }
            return new Object[] {isExecute ? (Object) statement.execute(text) : statement.executeQuery(text), null};
        } catch (Throwable thrown) {
            return new Object[] {returned, thrown};
        } finally {
            here[Nesting.EXECUTING] = 0;
        }
    }

    private void answered(@Nullable Asking asking, @Nullable Object returned) {
        if (asking == null) {
            return;
        }
        long[] here = Nesting.here();
        here[Nesting.KEPT_OUT]++;
        try {
            answers.answered(asking, returned);
        } catch (SQLException untold) {
            // then the driver does not say what its rows are, and they are not kept
        } catch (Throwable fault) {
            report("jdbc/answered", fault);
        } finally {
            here[Nesting.KEPT_OUT]--;
        }
    }

    /** What the chain gives the caller in place of {@code otherwise}, or null. */
    private @Nullable Given instead(@Nullable Fallback fallback, @Nullable Asking asking, Throwable otherwise) {
        if (fallback == null || asking == null || !(otherwise instanceof SQLException meant)) {
            decline(fallback);
            return null;
        }
        return answers.answer(fallback, asking, () -> meant);
    }

    /** Where a connection leads; one that was open before the agent came is asked, once, out of the guard's sight. */
    private @Nullable Database databaseOf(Connection connection, long[] here) {
        Database known = databases.of(connection);
        if (known != null) {
            return known.isNowhere() ? null : known;
        }
        here[Nesting.KEPT_OUT]++;
        try {
            return databases.ask(connection);
        } finally {
            here[Nesting.KEPT_OUT]--;
        }
    }

    /** The caller cancels a statement itself; what then comes of it says nothing about the database. */
    void cancelledByCaller(Statement statement) {
        cancelledAt.put(statement, System.nanoTime());
    }

    private static @Nullable Connection connectionOf(Statement statement) {
        try {
            return statement.getConnection();
        } catch (SQLException closed) {
            return null; // and the driver says so itself
        }
    }

    /** What the caller of a statement we cut gets, or null if it failed by itself before the cut took effect. */
    private static @Nullable SQLException cutResult(Cut cut, Throwable thrown) {
        if (!(thrown instanceof SQLException cause)) {
            return null;
        }
        String message = cut.reason().message();
        String state = SqlEndings.state(cause);
        if (SqlEndings.isVerdict(cause) || (!cut.aborted() && SqlEndings.isOfConnection(state))) {
            return null;
        }
        if (cut.aborted()) {
            return new SQLTransientConnectionException(message, "08006", cause);
        }
        if (cause instanceof BatchUpdateException batch) {
            return new BatchUpdateException(message, state, cause.getErrorCode(), batch.getUpdateCounts(), cause);
        }
        return new SQLTransientException(message, state, cause.getErrorCode(), cause);
    }

    private boolean isCancelledByCaller(Statement statement, StatementCall call) {
        Long cancelled = cancelledAt.get(statement);
        return cancelled != null && cancelled - call.startNanos() >= 0;
    }

    private Ending endingOf(StatementCall call, Throwable thrown) throws SQLException {
        if (!SqlEndings.isCancelled(thrown)) {
            return SqlEndings.of(thrown);
        }
        // Drivers report a cancel by the caller and their own query timeout alike.
        Statement statement = call.statement();
        if (statement == null) {
            return new Ending(Ending.CANCELLED.token(), false, thrown);
        }
        boolean byCaller = isCancelledByCaller(statement, call) && Nesting.here()[Nesting.ASKED] == 0;
        long timeout = TimeUnit.SECONDS.toNanos(statement.getQueryTimeout());
        boolean timedOut = timeout > 0 && System.nanoTime() - call.startNanos() >= timeout;
        return byCaller && !timedOut
                ? new Ending(Ending.CANCELLED.token(), false, thrown)
                : Ending.failed(Ending.TIMEOUT, thrown);
    }

    // Connections.

    /**
     * A driver opens a connection. What it gives is an array, as it changes an argument too: element 0 is the exception
     * to throw instead, element 1 the call, if it is one and was not refused, element 2 the properties to open it with,
     * element 3 its database, element 4 when it began, elements 5 and 6 what it was asked for, element 7 the driver.
     */
    Object @Nullable [] connect(Driver driver, @Nullable Object url, @Nullable Object properties) {
        OpenCall call = null;
        try {
            if (!(url instanceof String address) || !driver.acceptsURL(address)) {
                return null;
            }
            Database database = databases.of(address, Nesting.pool().get());
            Guard guard = database.guard(guards);
            Object[] entered = {null, null, properties, database, System.nanoTime(), address, properties, driver};
            if (guard == null) {
                return entered;
            }
            boolean isTimed = guard.enforces() && guard.deadlineNanos() > 0;
            if (isTimed && isPostgres(driver)) {
                entered[2] = withBoundedCancel(address, properties);
            }
            long[] here = Nesting.here();
            boolean isBounded = here[Nesting.ASKED] != 0; // by who asks
            boolean isAwaited = isTimed || isBounded;
            if (here[Nesting.DECIDED] != 0) {
                entered[0] = isAwaited ? unlessKnown(address, properties) : null;
                return entered;
            }
            boolean isForCaller = Nesting.pool().get() == null;
            call = new OpenCall(database, guard, guard.enforces() && !isBounded, isForCaller);
            Refusal refusal = guard.tryAcquire(call);
            if (refusal == null) {
                call.begin();
                entered[0] = isAwaited ? unlessKnown(address, properties) : null;
                entered[1] = call;
                here[Nesting.DECIDED] = 1;
            } else if (isForCaller || !database.isProbed()) {
                database.refused();
                decline(refusal.fallback());
                entered[0] = new RefusedConnectionException(refusal);
            }
            return entered;
        } catch (SQLException notAccepted) {
            return null;
        } catch (Throwable fault) {
            report("jdbc/connect", fault);
            abandon(call);
            return null;
        }
    }

    Object @Nullable [] connected(@Nullable Object entered, @Nullable Object returned, @Nullable Throwable thrown) {
        if (entered instanceof Throwable refused) {
            return new Object[] {returned, refused};
        }
        if (!(entered instanceof Object[] opening)) {
            return null;
        }
        OpenCall call = (OpenCall) opening[1];
        if (opening[0] != null && call == null) {
            return new Object[] {returned, opening[0]};
        }
        if (call != null) {
            Nesting.here()[Nesting.DECIDED] = 0;
        }
        boolean isWhole = true;
        try {
            if (returned instanceof Connection connection && opening[3] instanceof Database database) {
                database.openings().opened(System.nanoTime() - (long) opening[4]);
                databases.learn(connection, database);
                isWhole = establish(connection);
                answers.opened(connection, database, (Driver) opening[7], (String) opening[5], (Properties) opening[6]);
            }
        } catch (Throwable fault) {
            report("jdbc/connected", fault);
        }
        if (call != null) {
            Throwable why = opening[0] == null ? thrown : (Throwable) opening[0];
            Object[] cut = ended(call, false, returned, why);
            return cut == null && opening[0] != null ? new Object[] {returned, why} : cut;
        }
        return isWhole ? null : cutWhileOpened(returned);
    }

    /** The exception of what is cut while its host is looked up; null once that is known. */
    private @Nullable SQLException unlessKnown(String url, @Nullable Object properties) {
        Wires here = Wires.here();
        return here == null || hosts.await(url, properties, here) ? null : cutWhileOpened();
    }

    /** By the deadline of the work it was opened for. */
    private Object[] cutWhileOpened(@Nullable Object opened) {
        discard(opened, false);
        return new Object[] {null, cutWhileOpened()};
    }

    private static SQLException cutWhileOpened() {
        return new SQLTransientConnectionException(CUT_WHILE_OPENED, CONNECT_FAILED);
    }

    /** Keeps what a new connection is made of; false if that was cut. */
    private boolean establish(Connection connection) {
        Wires wires = Wires.here();
        List<Socket> sockets = wires == null ? List.of() : wires.establish();
        if (sockets != null) {
            databases.learn(connection, sockets);
        }
        return sockets != null;
    }

    /** Ends a call that opened or borrowed; null to hand on what came of it, else what the advice hands on. */
    private Object @Nullable [] ended(
            OpenCall call, boolean pool, @Nullable Object returned, @Nullable Throwable thrown) {
        try {
            Refusal reason = call.over();
            if (reason == null) {
                SQLException late = settleOpened(call, thrown, pool);
                return late == null ? null : new Object[] {null, late};
            }
            discard(returned, pool);
            if (reason.reason().isTimeout()) {
                decline(call.owner().settleExpired(call, thrown));
            } else {
                settle(call.owner(), call, new Ending(Ending.CANCELLED.token(), false, thrown));
            }
            return new Object[] {null, new SQLTransientConnectionException(reason.message(), CONNECT_FAILED, thrown)};
        } catch (Throwable fault) {
            report("jdbc/opened", fault);
            abandon(call);
            return null;
        }
    }

    /** Lets go of a call after a fault of ours: what it waits for goes on unguarded. */
    private void abandon(@Nullable OpenCall call) {
        if (call != null) {
            Wires.leave();
            settle(call.owner(), call, Ending.CANCELLED);
        }
    }

    /** It was opened on a socket that was closed in the same instant, or is one a pool gave late. */
    private void discard(@Nullable Object opened, boolean pooled) {
        if (opened instanceof Connection connection) {
            long[] here = Nesting.here();
            here[Nesting.KEPT_OUT]++;
            try {
                if (!pooled && databases.of(connection) != null) {
                    abort(connection);
                }
                connection.close();
            } catch (SQLException closed) {
                // as it was meant to be
            } finally {
                here[Nesting.KEPT_OUT]--;
            }
        }
    }

    void abort(Connection connection) {
        databases.sever(connection);
        StatementCall.abort(connection, StatementCall.GRACE_NANOS, guards.faults());
    }

    /** Its sockets, noted where what opens on this thread, and what is executed on it later, may be cut; else null. */
    @Nullable
    SocketFactory noting(SocketFactory factory) {
        return Wires.here() == null ? null : new NotingSocketFactory(factory, guards.faults());
    }

    /** A data source is asked for a connection: a pool's, to borrow one, or a driver's, to open one. */
    Object borrow(DataSource source) {
        long[] here = Nesting.here();
        OpenCall call = null;
        Database database = null;
        boolean admitted = false;
        try {
            if (here[Nesting.DECIDED] == 0) {
                database = inPool(databases.of(source));
                Guard guard = database == null ? null : database.guard(guards);
                if (database != null && guard != null) {
                    boolean enforces = guard.enforces();
                    boolean isForCaller = Nesting.pool().get() == null;
                    long budget = enforces && isForCaller ? guard.deadlineNanos() : 0;
                    call = new OpenCall(database, guard, enforces, isForCaller);
                    Refusal refusal = guard.tryAcquire(call);
                    if (refusal == null) {
                        call.begin();
                        call.beginProbe();
                        here[Nesting.DECIDED] = 1;
                        admitted = true;
                        if (budget > 0) {
                            here[Nesting.HURRIED] = 1;
                            here[Nesting.UNTIL] = System.nanoTime() + budget;
                            call.hurry(here[Nesting.UNTIL]);
                        }
                    } else if (isForCaller || !database.isProbed()) {
                        database.refused();
                        decline(refusal.fallback());
                        return new RefusedConnectionException(refusal);
                    }
                }
            }
        } catch (Throwable fault) {
            report("jdbc/borrow", fault);
            if (!admitted) {
                abandon(call);
            }
        }
        here[Nesting.KEPT_OUT]++;
        return new Object[] {admitted ? call : null, source, database, System.nanoTime()};
    }

    Object @Nullable [] borrowed(@Nullable Object entered, @Nullable Object returned, @Nullable Throwable thrown) {
        if (entered instanceof Throwable refused) {
            return new Object[] {returned, refused};
        }
        if (!(entered instanceof Object[] borrowing)) {
            return null;
        }
        long[] here = Nesting.here();
        here[Nesting.KEPT_OUT]--;
        OpenCall call = (OpenCall) borrowing[0];
        if (call != null) {
            here[Nesting.DECIDED] = 0;
            here[Nesting.HURRIED] = 0;
            call.endProbe();
        }
        DataSource source = (DataSource) borrowing[1];
        boolean pool = JdbcModule.isPool(source.getClass().getName());
        boolean isWhole = true;
        try {
            if (returned instanceof Connection connection) {
                isWhole = learn(source, pool, (Database) borrowing[2], connection, (long) borrowing[3]);
            }
        } catch (Throwable fault) {
            report("jdbc/borrowed", fault);
        }
        if (call != null) {
            return ended(call, pool, returned, thrown);
        }
        return isWhole ? null : cutWhileOpened(returned);
    }

    /** A pool waits for one of its connections: at most as long as the getConnection around it has left. */
    long waitMillis(long millis) {
        long[] here = Nesting.here();
        if (here[Nesting.HURRIED] == 0) {
            return millis;
        }
        long left = TimeUnit.NANOSECONDS.toMillis(here[Nesting.UNTIL] - System.nanoTime()) + 1;
        return Math.min(millis, Math.max(1, left));
    }

    /**
     * What a connection teaches: that of a driver's own data source, opened without {@link Driver#connect}, where it
     * leads and what it is made of; that of a pool which hides its URL, where the pool leads. False if it was made of what
     * is cut.
     */
    private boolean learn(
            DataSource source, boolean pool, @Nullable Database database, Connection connection, long beganNanos)
            throws SQLException {
        if (JdbcModule.isPool(connection.getClass().getName())) {
            if (pool && database == null && connection.isWrapperFor(Connection.class)) {
                Database learnt = databases.of(connection.unwrap(Connection.class));
                if (learnt != null && !learnt.isNowhere()) {
                    databases.learn(source, learnt);
                }
            }
        } else if (!pool && database != null && databases.of(connection) == null) {
            database.openings().opened(System.nanoTime() - beganNanos);
            databases.learn(connection, database);
            return establish(connection);
        }
        return true;
    }

    /** The database as the pool knows it that this thread opens a connection for. */
    private @Nullable Database inPool(@Nullable Database database) {
        String pool = Nesting.pool().get();
        return database == null || pool == null ? database : databases.of(database.url(), pool);
    }

    /** What to throw in place of {@code thrown}; null for that itself. */
    private @Nullable SQLException settleOpened(OpenCall call, @Nullable Throwable thrown, boolean pool) {
        try {
            if (thrown != null) {
                Ending ending = SqlEndings.ofBorrowing(thrown, pool);
                if (call.isLate() && ending.token().equals(Ending.POOL_TIMEOUT)) {
                    Refusal reason = call.owner().expired(call);
                    decline(call.owner().settleExpired(call, thrown));
                    String state = thrown instanceof SQLException theirs ? theirs.getSQLState() : null;
                    return reason == null ? null : new SQLTransientConnectionException(reason.message(), state, thrown);
                }
                settle(call.owner(), call, ending);
            } else {
                // An open door is no answer: a pool asks nobody, and a database that hangs may still take connections.
                // Counted as a success it would outweigh the failures of the statements that follow.
                call.uncut(); // a cut that came too late
                settle(call.owner(), call, Ending.CANCELLED);
            }
        } catch (Throwable fault) {
            report("jdbc/opened", fault);
            settle(call.owner(), call, Ending.CANCELLED);
        }
        return null;
    }

    private static boolean isPostgres(Driver driver) {
        return driver.getClass().getName().startsWith("org.postgresql.");
    }

    /** With a second for the cancel request in place of ten, where the user said nothing of it. */
    private static @Nullable Object withBoundedCancel(String url, @Nullable Object properties) {
        if (!(properties instanceof Properties given)
                || given.getProperty(CANCEL_SIGNAL_TIMEOUT) != null
                || url.contains(CANCEL_SIGNAL_TIMEOUT)) {
            return properties;
        }
        Properties bounded = (Properties) given.clone();
        bounded.setProperty(CANCEL_SIGNAL_TIMEOUT, "1");
        return bounded;
    }

    private void settle(Guard guard, Call call, Ending ending) {
        try {
            decline(guard.settle(call, ending));
        } catch (Throwable fault) {
            report("jdbc/settle", fault);
        }
    }

    /** An answer invented for a query would be a wrong one, and one for a connection none at all. */
    private static void decline(@Nullable Fallback fallback) {
        if (fallback != null) {
            fallback.tooLate(new SQLFeatureNotSupportedException("no fallback stands in for a connection"));
        }
    }

    private void report(String site, Throwable fault) {
        try {
            guards.faults().report(site, fault);
        } catch (Throwable unreportable) {
            // The log itself is broken; the application's call goes on all the same.
        }
    }
}
