package dev.resilience.instrumentation.jdbc;

import dev.resilience.instrumentation.api.Again;
import dev.resilience.instrumentation.api.Attempt;
import dev.resilience.instrumentation.api.Call;
import dev.resilience.instrumentation.api.Faults;
import dev.resilience.instrumentation.api.Guard;
import dev.resilience.instrumentation.api.Refusal;
import dev.resilience.instrumentation.api.RequestFacts;
import java.lang.invoke.MethodHandle;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** One statement under way. */
final class StatementCall extends Call {
    /*
     * A cancel is not aimed at a statement but at a connection, and travels beside it: sent too late it hits whoever
     * uses the connection next. So under one lock stand whether the work is over, and whether a cancel is on its way.
     * Work that is over is never cancelled; work that ends while a cancel is on its way waits until that has come back,
     * and only then goes the connection back to its pool. A cancel that does not come back, or has no effect, costs the
     * connection: aborted, it has no next user.
     */

    /** The most that a cancel may take to come back, and what it may then take to have its effect. */
    static final long GRACE_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

    /** How long one cancel is given before the next. */
    private static final long WAVE_NANOS = GRACE_NANOS / 4;

    /** A cancel that took so much longer than it was given was held up by our own process, and says nothing of the network. */
    private static final long STOOD_STILL_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    /** The longest that finished work waits for a cancel under way, which before 21 may be stuck on a lost network. */
    private static final long WAIT_NANOS = TimeUnit.SECONDS.toNanos(2);

    private static final ClassValue<CancelQuery> CANCEL_QUERY = new ClassValue<>() {
        @Override
        protected CancelQuery computeValue(Class<?> type) {
            return new CancelQuery(
                    type.getName().startsWith("org.postgresql.")
                            ? PublicMethods.find(type, "cancelQuery", void.class)
                            : null);
        }
    };

    private record CancelQuery(@Nullable MethodHandle handle) {}

    private final @Nullable Statement statement;
    private final Connection connection;
    private final boolean fetches;
    private final Database database;
    private final Databases databases;
    private final Guard owner;
    private final @Nullable Asking asking;
    private final @Nullable Again follows;
    private final Faults faults;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    // All guarded by lock.
    private boolean over;
    private boolean cancelling;
    private boolean aborted;
    private boolean severed;
    private long cancelledNanos;
    private @Nullable Refusal reason;

    /** With {@code fetches} it gets further rows of a result, and there may be no statement that is known. */
    StatementCall(
            @Nullable Statement statement,
            Connection connection,
            boolean fetches,
            Database database,
            Databases databases,
            Guard owner,
            @Nullable Asking asking,
            @Nullable Again follows,
            Faults faults) {
        this.statement = statement;
        this.connection = connection;
        this.fetches = fetches;
        this.database = database;
        this.databases = databases;
        this.owner = owner;
        this.asking = asking;
        this.follows = follows;
        this.faults = faults;
    }

    /** The same once more. */
    StatementCall again(Again again) {
        return new StatementCall(statement, connection, fetches, database, databases, owner, asking, again, faults);
    }

    /** Whether all is as it was when it was made, so that it can be made again. */
    boolean isAsItWas() {
        try {
            return !connection.isClosed() && connection.getAutoCommit() && statement != null && !statement.isClosed();
        } catch (SQLException closed) {
            return false;
        }
    }

    /** One that failed: it may be made again as long as its connection is there. */
    private final class Repeat implements Attempt {
        private final Asking asked;

        Repeat(Asking asked) {
            this.asked = asked;
        }

        @Override
        public boolean isIdempotent() {
            return asked.isRepeatable();
        }

        @Override
        public boolean isReplayable() {
            return isAsItWas();
        }

        @Override
        public long leftNanos() {
            return Math.max(0, left(System.nanoTime() - startNanos()));
        }

        /** A statement that throws has given no rows. */
        @Override
        public boolean isShown() {
            return false;
        }
    }

    /** Why a statement was cut short, and whether its connection had to go with it. */
    record Cut(Refusal reason, boolean aborted) {}

    @Nullable
    Statement statement() {
        return statement;
    }

    Database database() {
        return database;
    }

    Guard owner() {
        return owner;
    }

    /** What it asks; null where nobody else may answer it. */
    @Nullable
    Asking asking() {
        return asking;
    }

    /** A statement of a transaction whose commit or rollback is still to come. Drivers keep the mode at hand. */
    @Override
    public boolean continuesWork() {
        try {
            return !connection.getAutoCommit();
        } catch (SQLException closed) {
            return false;
        }
    }

    @Override
    public RequestFacts facts() {
        Prepared prepared = asking == null ? null : asking.prepared();
        return prepared == null ? RequestFacts.NONE : new AskedStatement(prepared.sql());
    }

    @Override
    public @Nullable Again follows() {
        return follows;
    }

    @Override
    public @Nullable Attempt attempt() {
        return asking == null ? null : new Repeat(asking);
    }

    @Override
    public long requestHash() {
        Prepared prepared = asking == null ? null : asking.prepared();
        return prepared == null ? 0 : prepared.hash();
    }

    @Override
    public boolean readsOn() {
        return fetches;
    }

    /** Not where it goes on with a statement that was counted. */
    @Override
    public boolean isLimited() {
        return !fetches;
    }

    /** A statement blocks its thread, for as long as its own timeout says. */
    @Override
    public long patienceNanos() {
        if (Nesting.here()[Nesting.ASKED] != 0) {
            return 0; // who asks has another bound than the statement's
        }
        try {
            int seconds = statement == null ? 0 : statement.getQueryTimeout();
            return seconds > 0 ? TimeUnit.SECONDS.toNanos(seconds) : Long.MAX_VALUE;
        } catch (SQLException closed) {
            return 0;
        }
    }

    /** Of PostgreSQL's driver alone, which has it at hand: H2's asks its server, and may not hear from that. */
    @Override
    public long leftToCallerNanos(long elapsedNanos) {
        return statement != null && PgTypes.isOf(statement) ? left(elapsedNanos) : Long.MAX_VALUE;
    }

    private long left(long elapsedNanos) {
        long timeout = patienceNanos();
        return timeout == Long.MAX_VALUE ? timeout : timeout - elapsedNanos;
    }

    /** It may: the request to cancel travels over a connection of its own. */
    @Override
    public boolean cancelMayBlock() {
        return true;
    }

    @Override
    public long cancelNanos() {
        return database.openings().endingNanos();
    }

    @Override
    public void cancel(Refusal refusal) {
        boolean isSevered;
        lock.lock();
        try {
            if (over || reason != null) {
                return;
            }
            reason = refusal;
            cancelledNanos = System.nanoTime();
            isSevered = isSevered();
            severed = isSevered;
            cancelling = true;
        } finally {
            lock.unlock();
        }
        boolean effective = false;
        try {
            effective = isSevered ? severAndCancel() : cancelInWaves();
        } finally {
            if (!effective) {
                abort();
            }
        }
    }

    /** Cancels until the work is over: a cancel that overtakes the statement it is meant for finds nothing to stop. */
    private boolean cancelInWaves() {
        Openings openings = database.openings();
        long begun = System.nanoTime();
        long until = begun + GRACE_NANOS;
        boolean first = true;
        do {
            long sent = System.nanoTime();
            long grace = openings.graceNanos();
            boolean isBack = BoundedWork.run(first ? this::sendCancel : this::sendCancelAgain, grace);
            long now = System.nanoTime();
            if (!isBack) {
                if (now - sent - grace < STOOD_STILL_NANOS) {
                    openings.lost(sent, now);
                }
                return false;
            }
            openings.cancelled(now - sent);
            if (first && now - begun <= GRACE_NANOS) {
                until = now + GRACE_NANOS;
            }
            first = false;
            if (isOverWithin(WAVE_NANOS)) {
                return true;
            }
        } while (until - System.nanoTime() > 0);
        return false;
    }

    /**
     * Whether its connection is to end it. Of pgjdbc alone: others find out what they cancel once they have connected, and
     * may name whom their connection has become by then.
     */
    private boolean isSevered() {
        return database.openings().areLost()
                && CANCEL_QUERY.get(connection.getClass()).handle() != null
                && databases.canSever(connection);
    }

    /**
     * Ends the work by its connection, and sends the cancel that the database may hear. Not before the driver is about to
     * send that, as it would not for a connection it knows to be closed; and as the connection asks for it, since the
     * statement would not be over for its driver before the cancel is. True if the work was over by itself before that:
     * then neither happens.
     */
    private boolean severAndCancel() {
        Openings openings = database.openings();
        boolean isBack = false;
        long sent = System.nanoTime();
        if (openings.unawaited().tryAcquire()) {
            try {
                isBack = BoundedWork.runHere(this::sendCancelAgain, this::severIfGoingOn, openings.graceNanos());
            } finally {
                openings.unawaited().release();
            }
        }
        lock.lock();
        try {
            if (over && !aborted) {
                cancelling = false;
                changed.signalAll();
                return true;
            }
            if (isBack && aborted) {
                openings.cancelled(System.nanoTime() - sent);
                openings.arrived();
            }
            return false;
        } finally {
            lock.unlock();
        }
    }

    private boolean severIfGoingOn() {
        lock.lock();
        try {
            if (over && !aborted) {
                return false;
            }
            aborted = true;
        } finally {
            lock.unlock();
        }
        databases.sever(connection);
        cancelled(); // also if they were closed already: nobody gets this connection next
        return true;
    }

    private void sendCancel() {
        if (statement == null) {
            sendCancelAgain();
            return;
        }
        try {
            statement.cancel();
        } catch (SQLException unable) {
            // Then the grace runs out and the connection is aborted.
        } catch (Throwable fault) {
            faults.report("jdbc/cancel", fault);
        }
    }

    private void sendCancelAgain() {
        // Sent once, a PostgreSQL statement takes itself for cancelled and sends no more; its connection does.
        MethodHandle cancelQuery = CANCEL_QUERY.get(connection.getClass()).handle();
        if (cancelQuery == null) {
            if (statement != null) {
                sendCancel();
            }
            return;
        }
        try {
            cancelQuery.invoke(connection);
        } catch (SQLException unable) {
            // As above.
        } catch (Throwable fault) {
            faults.report("jdbc/cancel", fault);
        }
    }

    /** Waits for the work after a cancel; when that is not over in time, the cancelling goes on. */
    private boolean isOverWithin(long nanos) {
        lock.lock();
        try {
            cancelling = false;
            changed.signalAll();
            for (long left = nanos; !over && left > 0; ) {
                left = changed.awaitNanos(left);
            }
            cancelling = !over;
            return over;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            cancelling = !over;
            return over;
        } finally {
            lock.unlock();
        }
    }

    private void abort() {
        try {
            sever();
            abort(connection, database.openings().graceNanos(), faults);
        } finally {
            cancelled();
        }
    }

    /** What waits for the connection waits no longer, and it has no next user. */
    private void sever() {
        lock.lock();
        try {
            aborted = true;
        } finally {
            lock.unlock();
        }
        if (databases.sever(connection)) {
            cancelled();
        }
    }

    /** Nothing is on its way any more that could reach who has the connection next. */
    private void cancelled() {
        lock.lock();
        try {
            cancelling = false;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Tells a driver that its connection is gone: MariaDB's tells the server then, over a connection of its own. */
    static void abort(Connection connection, long graceNanos, Faults faults) {
        Runnable aborting = () -> {
            try {
                connection.abort(Runnable::run);
            } catch (SQLException | AbstractMethodError unable) {
                // A driver before JDBC 4.1, or without abort: the work ends when the driver says so.
            } catch (Throwable fault) {
                faults.report("jdbc/abort", fault);
            }
        };
        BoundedWork.run(aborting, graceNanos);
    }

    /** Tells the driver of a connection that {@link Cut#aborted}, though its work had come to its end. */
    void abortAfterwards() {
        abort(connection, database.openings().graceNanos(), faults);
    }

    /** Marks the work over. When this returns, no cancel of ours can reach the connection any more. */
    @Nullable
    Cut over() {
        boolean interrupted = false;
        boolean lost;
        lock.lock();
        try {
            over = true;
            changed.signalAll();
            long until = System.nanoTime() + WAIT_NANOS;
            for (long left = WAIT_NANOS; cancelling && left > 0; left = until - System.nanoTime()) {
                try {
                    changed.awaitNanos(left);
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            lost = cancelling && !aborted;
        } finally {
            lock.unlock();
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
        if (lost) {
            abort();
        }
        lock.lock();
        try {
            if (reason == null) {
                return null;
            }
            long took = System.nanoTime() - cancelledNanos;
            if (!aborted) {
                database.openings().ended(took);
            } else if (severed) {
                database.openings().severed(took);
            }
            return new Cut(reason, aborted);
        } finally {
            lock.unlock();
        }
    }
}
