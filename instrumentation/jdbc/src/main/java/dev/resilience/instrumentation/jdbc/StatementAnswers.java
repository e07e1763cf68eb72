package dev.resilience.instrumentation.jdbc;

import dev.resilience.instrumentation.api.Alternate;
import dev.resilience.instrumentation.api.Fallback;
import dev.resilience.instrumentation.api.Guard;
import dev.resilience.instrumentation.api.Guards;
import dev.resilience.instrumentation.api.MessageKeeper;
import dev.resilience.instrumentation.api.StatementKind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.CallableStatement;
import java.sql.Connection;
import java.sql.Driver;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Properties;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What statements of watched databases ask, what is kept of their answers, and what is given in place of one. */
final class StatementAnswers {
    /*
     * All of it is learnt on the application's own threads, as it goes: connections when they are opened, texts when they
     * are prepared, values when they are bound, rows when they are read. What was not seen is not known, and what is not
     * known is neither kept nor given: a connection opened before its database was watched has no session.
     *
     * Rows come only from statements of the drivers that this was tried with: others may read a column but once.
     */
    private static final List<String> TRIED = List.of("org.postgresql.", "org.h2.");

    private final Guards guards;
    private final AlternateDatabases alternates;
    private final WeakIdentityMap<Session> sessions = new WeakIdentityMap<>();
    private final WeakIdentityMap<Prepared> prepared = new WeakIdentityMap<>();
    private final WeakIdentityMap<RowCopy> copies = new WeakIdentityMap<>();
    private final WeakIdentityMap<Standing> standing = new WeakIdentityMap<>();

    StatementAnswers(Guards guards, Databases databases) {
        this.guards = guards;
        this.alternates = new AlternateDatabases(databases, guards.faults());
    }

    // What is asked.

    /** A connection was opened so: where one driver opens it for another, by the first, who alone knows what was said. */
    void opened(Connection connection, Database database, Driver driver, String url, @Nullable Properties properties) {
        if (database.isWatched(guards) && sessions.get(connection) == null) {
            Session session = Session.of(driver, url, properties);
            if (session != null) {
                sessions.put(connection, session);
            }
        }
    }

    /** It is told something that changes what its statements mean. */
    void changed(Connection connection) {
        Session session = sessions.get(connection);
        if (session != null) {
            session.change();
        }
    }

    void prepared(PreparedStatement statement, String sql) {
        if (!(statement instanceof CallableStatement) && hasSession(statement)) {
            prepared.put(statement, new Prepared(sql, guards.kindOf(sql) == StatementKind.READ));
        }
    }

    private boolean hasSession(Statement statement) {
        try {
            return sessions.get(statement.getConnection()) != null;
        } catch (SQLException closed) {
            return false;
        }
    }

    void bind(PreparedStatement statement, int index, @Nullable Object value) {
        Prepared known = prepared.get(statement);
        if (known != null) {
            known.bind(index, value);
        }
    }

    void bind(PreparedStatement statement, int index, @Nullable Object value, int type) {
        Prepared known = prepared.get(statement);
        if (known != null) {
            known.bind(index, value, type);
        }
    }

    void bindNull(PreparedStatement statement, int index, int type) {
        Prepared known = prepared.get(statement);
        if (known != null) {
            known.bindNull(index, type);
        }
    }

    void bindUnknown(PreparedStatement statement, int index) {
        Prepared known = prepared.get(statement);
        if (known != null) {
            known.bindUnknown(index);
        }
    }

    void clear(PreparedStatement statement) {
        Prepared known = prepared.get(statement);
        if (known != null) {
            known.clear();
        }
    }

    /** A statement is executed: what it had is gone, and its connection may mean something else from now on. */
    void executing(Statement statement, Connection connection, @Nullable Object argument) {
        takeBack(statement);
        Session session = sessions.get(connection);
        if (session == null || session.isChanged()) {
            return;
        }
        StatementKind kind = StatementKind.OTHER;
        try {
            String sql = sql(statement, argument);
            kind = sql == null ? StatementKind.OTHER : guards.kindOf(sql);
        } finally {
            if (kind == StatementKind.OTHER) {
                session.change();
            }
        }
    }

    private @Nullable String sql(Statement statement, @Nullable Object argument) {
        if (argument instanceof String sql) {
            return sql;
        }
        Prepared known = prepared.get(statement);
        return known == null ? null : known.sql();
    }

    /** What this execution asks; null where nobody else answers it anyway. */
    @Nullable
    Asking asking(
            Statement statement,
            Connection connection,
            @Nullable Object argument,
            boolean givesRows,
            Database database,
            Guard guard) {
        try {
            return guard.looksIntoStatements()
                    ? asked(statement, connection, argument, givesRows, database, guard)
                    : null;
        } catch (SQLException closed) {
            return null; // and the driver says so itself
        }
    }

    private Asking asked(
            Statement statement,
            Connection connection,
            @Nullable Object argument,
            boolean givesRows,
            Database database,
            Guard guard)
            throws SQLException {
        String sql = sql(statement, argument);
        Prepared asked = argument instanceof String text ? new Prepared(text, true) : prepared.get(statement);
        Session session = sessions.get(connection);
        boolean isRead = givesRows && sql != null && guards.kindOf(sql) == StatementKind.READ;
        NoAnswer whyNot = null;
        if (connection.isClosed()) {
            whyNot = new NoAnswer("closed_connection", "nobody knows what the statement was part of");
        } else if (!isRead && (!givesRows || sql != null || session != null)) {
            whyNot = new NoAnswer("no_query", "it is not sure that the statement only reads");
        } else if (!connection.getAutoCommit()) {
            whyNot = new NoAnswer("in_transaction", "the statement is part of a transaction");
        } else if (session == null) {
            whyNot = new NoAnswer("unknown_session", "nobody saw how the connection was opened");
        } else if (session.isChanged()) {
            whyNot = new NoAnswer(
                    "changed_session", "something was said to the connection that may change its statements");
        } else if (asked == null || !asked.isKnown()) {
            whyNot = new NoAnswer("unknown_values", "a value of the statement cannot be looked at");
        } else if (TRIED.stream().noneMatch(statement.getClass().getName()::startsWith)) {
            whyNot = new NoAnswer("unknown_driver", "this was not tried with the driver");
        }
        boolean isRepeatable = whyNot == null;
        if (isRepeatable
                && (statement.getResultSetConcurrency() != ResultSet.CONCUR_READ_ONLY
                        || statement.getMaxFieldSize() != 0)) {
            whyNot = new NoAnswer("no_plain_rows", "the rows are asked for to be changed, or cut");
        }
        MessageKeeper keeper = guard.messageKeeper();
        return new Asking(
                statement,
                database,
                keeper,
                whyNot,
                isRepeatable,
                argument instanceof String text ? text : null,
                session,
                whyNot == null && asked != null ? asked.copy() : null,
                statement.getResultSetType(),
                statement.getMaxRows());
    }

    // What is kept.

    /** The statement was answered: {@code returned} are its rows, or that there are some. */
    void answered(Asking asking, @Nullable Object returned) throws SQLException, IOException {
        MessageKeeper keeper = asking.keeper();
        Session session = asking.session();
        if (keeper == null || asking.whyNot() != null || session == null || session.isChanged()) {
            return; // what changes it was said before this was answered, and on another thread
        }
        Object rows = Boolean.TRUE.equals(returned) ? asking.statement().getResultSet() : returned;
        if (rows instanceof ResultSet result) {
            RowCopy copy = RowCopy.of(result, asking.ask(), keeper);
            if (copy != null) {
                copies.put(result, copy);
            }
        }
    }

    @Nullable
    RowCopy copyOf(ResultSet rows) {
        RowCopy copy = copies.get(rows);
        if (copy == null || copy.isOver()) {
            return null;
        }
        if (!copy.isInStep()) {
            copy.giveUp();
            return null;
        }
        return copy;
    }

    /** The application stepped on. */
    void advanced(RowCopy copy, @Nullable Object returned, @Nullable Throwable thrown) {
        boolean isSound = false;
        try {
            if (thrown == null && returned instanceof Boolean isRow) {
                copy.advanced(isRow);
                isSound = true;
            }
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        } finally {
            if (!isSound) {
                copy.giveUp();
            }
        }
    }

    // What is given.

    /** What the chain gives in place of {@code otherwise}; null if nothing. */
    @Nullable
    Given answer(Fallback first, Asking asking, Supplier<SQLException> otherwise) {
        for (Fallback link = first; link != null; ) {
            try {
                Standing answer = standing(link, asking, otherwise);
                Given given = new Given(answer.rowsOf(asking.statement()));
                standing.put(asking.statement(), answer);
                link.served();
                hide(asking);
                return given;
            } catch (Throwable why) {
                takeBack(asking.statement());
                link = link.failed(why);
            }
        }
        return null;
    }

    /** Where the connection is lost, and nobody is told of that by its statement. */
    private static void hide(Asking asking) {
        Session session = asking.session();
        if (session != null && isLost(asking.statement())) {
            session.hideLoss();
        }
    }

    private static boolean isLost(Statement statement) {
        try {
            return statement.getConnection().isClosed();
        } catch (SQLException closed) {
            return true;
        }
    }

    /** Whether the connection of a pool is one that was lost so. */
    boolean hidLossOf(Connection pooled) {
        try {
            Session session = sessions.get(pooled.unwrap(Connection.class));
            return session != null && session.hidLoss();
        } catch (SQLException closed) {
            return false;
        }
    }

    private Standing standing(Fallback link, Asking asking, Supplier<SQLException> otherwise)
            throws IOException, SQLException {
        NoAnswer whyNot = asking.whyNot();
        if (whyNot != null) {
            throw whyNot;
        }
        Alternate alternate = link.alternate();
        if (alternate == null && !link.isSnapshot()) {
            throw new NoAnswer("no_rows", "this link gives no rows");
        }
        KeptRows rows =
                KeptRows.read(alternate == null ? link.snapshot(asking.ask()) : alternates.rows(alternate, asking));
        int type = asking.type(); // and not the statement itself: what stands for its result must not hold it
        return new Standing() {
            @Override
            ResultSet rows(Statement statement) {
                return GivenRows.of(
                        rows,
                        this,
                        statement,
                        type,
                        otherwise,
                        fault -> guards.faults().report("jdbc/rows", fault));
            }
        };
    }

    /** What a statement was given in place of the driver's result, to be told instead of that; null for nothing. */
    @Nullable
    Told givenTo(Statement statement) {
        Standing given = standing.get(statement);
        return given == null ? null : new Told(given, statement);
    }

    /** It is closed, or executed again. */
    void takeBack(Statement statement) {
        Standing given = standing.remove(statement);
        if (given != null) {
            given.close();
        }
    }
}
