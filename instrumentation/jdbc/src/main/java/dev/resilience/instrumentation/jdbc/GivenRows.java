package dev.resilience.instrumentation.jdbc;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.sql.Statement;
import java.util.Calendar;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Rows that were kept, as a result set: disconnected, read-only, and scrollable if the statement asked for that. */
final class GivenRows implements InvocationHandler {
    /*
     * A proxy and no class, so that it is a ResultSet of the JDK it runs on, with all of that one's methods; those that
     * it does not know say so, as JDBC has it. A fault of ours ends the reading with what the statement would have ended
     * with if nothing had been given.
     */
    private static final String CLOSED = "24000";

    private final KeptRows kept;
    private final Standing standing;
    private final Statement statement;
    private final int type;
    private final Supplier<SQLException> otherwise;
    private final java.util.function.Consumer<Throwable> faults;
    private int at; // 1 for the first row
    private @Nullable Cell @Nullable [] row; // the one at "rowAt"
    private int rowAt;
    private boolean wasNull;
    private int fetchSize;
    private int fetchDirection = ResultSet.FETCH_FORWARD;

    private GivenRows(
            KeptRows kept,
            Standing standing,
            Statement statement,
            int type,
            Supplier<SQLException> otherwise,
            java.util.function.Consumer<Throwable> faults) {
        this.kept = kept;
        this.standing = standing;
        this.statement = statement;
        this.type = type;
        this.otherwise = otherwise;
        this.faults = faults;
    }

    /**
     * The rows of {@code kept}.
     *
     * @param type of a result set, as the statement asked for it
     * @param otherwise what the statement would have thrown
     */
    static ResultSet of(
            KeptRows kept,
            Standing standing,
            Statement statement,
            int type,
            Supplier<SQLException> otherwise,
            java.util.function.Consumer<Throwable> faults) {
        return (ResultSet) Proxy.newProxyInstance(
                ResultSet.class.getClassLoader(),
                new Class<?>[] {ResultSet.class},
                new GivenRows(kept, standing, statement, type, otherwise, faults));
    }

    @Override
    public @Nullable Object invoke(Object proxy, Method method, Object @Nullable [] given) throws Throwable {
        try {
            return call(proxy, method.getName(), given == null ? new Object[0] : given);
        } catch (SQLException meant) {
            throw meant;
        } catch (Throwable fault) {
            faults.accept(fault);
            if (method.getDeclaringClass() == Object.class) {
                throw fault;
            }
            if (method.getName().equals("close")) {
                return null; // the exception may be what the rows are closed for, and suppresses not itself
            }
            throw otherwise.get();
        }
    }

    private @Nullable Object call(Object proxy, String name, Object[] given) throws SQLException {
        switch (name) {
            case "close":
                close();
                return null;
            case "isClosed":
                return standing.isClosed();
            case "equals":
                return proxy == given[0];
            case "hashCode":
                return System.identityHashCode(proxy);
            case "toString":
                return "rows of an earlier answer";
            case "unwrap":
                if (!((Class<?>) given[0]).isInstance(proxy)) {
                    throw new SQLException("no " + ((Class<?>) given[0]).getName(), "0A000");
                }
                return proxy;
            case "isWrapperFor":
                return ((Class<?>) given[0]).isInstance(proxy);
            default:
                if (standing.isClosed()) {
                    throw new SQLException("the result set is closed", CLOSED);
                }
                Object told = tell(name, given);
                return told == this ? read(name, given) : told;
        }
    }

    private void close() {
        if (standing.isClosed()) {
            return;
        }
        standing.close();
        try {
            if (statement.isCloseOnCompletion()) {
                statement.close();
            }
        } catch (SQLException gone) {
            // and the statement with it
        }
    }

    /** What is not about a column; {@code this} where it is. */
    private @Nullable Object tell(String name, Object[] given) throws SQLException {
        int size = kept.size();
        switch (name) {
            case "next":
                return move(at + 1L);
            case "previous":
                scroll();
                return move(at - 1L);
            case "first":
                scroll();
                return move(1);
            case "last":
                scroll();
                return move(size);
            case "absolute":
                scroll();
                int row = (int) given[0];
                return move(row < 0 ? size + 1L + row : row);
            case "relative":
                scroll();
                return move(at + (long) (int) given[0]);
            case "beforeFirst":
                scroll();
                move(0);
                return null;
            case "afterLast":
                scroll();
                move(size + 1L);
                return null;
            case "isBeforeFirst":
                return at == 0 && size > 0;
            case "isAfterLast":
                return at > size && size > 0;
            case "isFirst":
                return at == 1 && size > 0;
            case "isLast":
                return at == size && size > 0;
            case "getRow":
                return at <= size ? at : 0;
            case "wasNull":
                return wasNull;
            case "getStatement":
                return statement;
            case "getMetaData":
                return new GivenMetaData(kept.columns());
            case "findColumn":
                return column(given[0]);
            case "getType":
                return type;
            case "getConcurrency":
                return ResultSet.CONCUR_READ_ONLY;
            case "getHoldability":
                return ResultSet.HOLD_CURSORS_OVER_COMMIT;
            case "getFetchSize":
                return fetchSize;
            case "setFetchSize":
                fetchSize = (int) given[0];
                return null;
            case "getFetchDirection":
                return fetchDirection;
            case "setFetchDirection":
                fetchDirection = (int) given[0];
                return null;
            case "getWarnings", "clearWarnings":
                return null;
            case "rowUpdated", "rowInserted", "rowDeleted":
                return false;
            default:
                return this;
        }
    }

    private void scroll() throws SQLException {
        if (type == ResultSet.TYPE_FORWARD_ONLY) {
            throw new SQLException("the result set goes forward only", CLOSED);
        }
    }

    private boolean move(long to) {
        int size = kept.size();
        at = (int) Math.max(0, Math.min(to, size + 1L));
        return at >= 1 && at <= size;
    }

    private @Nullable Object read(String name, Object[] given) throws SQLException {
        if (given.length == 0
                || !name.startsWith("get")
                || !(given[0] instanceof Integer || given[0] instanceof String)) {
            throw unsupported(name);
        }
        int index = column(given[0]);
        if (at < 1 || at > kept.size()) {
            throw new SQLException("there is no row here: call next", CLOSED);
        }
        Column column = kept.columns().get(index - 1);
        Cell cell = row()[index - 1];
        Object second = given.length > 1 ? given[1] : null;
        Object value = value(name, column, cell, second);
        wasNull = cell == null;
        return value;
    }

    private @Nullable Cell[] row() {
        @Nullable Cell[] here = row;
        if (here == null || rowAt != at) {
            try {
                here = kept.row(at);
            } catch (IOException impossible) {
                throw new UncheckedIOException(impossible);
            }
            row = here;
            rowAt = at;
        }
        return here;
    }

    private @Nullable Object value(String name, Column column, @Nullable Cell cell, @Nullable Object second)
            throws SQLException {
        Calendar calendar = second instanceof Calendar of ? of : null;
        return switch (name) {
            case "getString", "getNString" -> cell == null ? null : cell.text();
            case "getBoolean" -> cell != null && Conversions.toBoolean(cell);
            case "getByte" ->
                cell == null
                        ? (byte) 0
                        : (byte) Conversions.toWhole(cell, kept.rounds(), Byte.MIN_VALUE, Byte.MAX_VALUE);
            case "getShort" ->
                cell == null
                        ? (short) 0
                        : (short) Conversions.toWhole(cell, kept.rounds(), Short.MIN_VALUE, Short.MAX_VALUE);
            case "getInt" ->
                cell == null ? 0 : (int) Conversions.toWhole(cell, kept.rounds(), Integer.MIN_VALUE, Integer.MAX_VALUE);
            case "getLong" ->
                cell == null ? 0L : Conversions.toWhole(cell, kept.rounds(), Long.MIN_VALUE, Long.MAX_VALUE);
            case "getFloat" -> cell == null ? 0f : (float) Conversions.toDouble(cell);
            case "getDouble" -> cell == null ? 0d : Conversions.toDouble(cell);
            case "getBigDecimal" -> cell == null ? null : Conversions.toDecimal(cell, second);
            case "getBytes" -> cell == null ? null : Conversions.toBytes(cell);
            case "getDate" -> cell == null ? null : Conversions.toDate(cell, calendar);
            case "getTime" -> cell == null ? null : Conversions.toTime(cell, calendar);
            case "getTimestamp" -> cell == null ? null : Conversions.toTimestamp(cell, calendar);
            case "getObject" -> cell == null ? null : object(column, cell, second);
            case "getCharacterStream", "getNCharacterStream" -> cell == null ? null : new StringReader(cell.text());
            case "getBinaryStream" -> cell == null ? null : new ByteArrayInputStream(Conversions.toBytes(cell));
            case "getAsciiStream" ->
                cell == null ? null : new ByteArrayInputStream(cell.text().getBytes(StandardCharsets.US_ASCII));
            default -> throw unsupported(name);
        };
    }

    private Object object(Column column, Cell cell, @Nullable Object second) throws SQLException {
        if (second instanceof Class<?> type) {
            Object own = Conversions.to(type, cell, kept.rounds());
            return own == null ? typed(type, Conversions.toObject(column, cell, statement)) : own;
        }
        if (second instanceof Map<?, ?> map && !map.isEmpty()) {
            throw unsupported("getObject with a map of types");
        }
        return Conversions.toObject(column, cell, statement);
    }

    private static Object typed(Class<?> type, Object value) throws SQLException {
        if (!type.isInstance(value)) {
            throw unsupported("getObject as " + type.getName());
        }
        return value;
    }

    private int column(Object asked) throws SQLException {
        if (asked instanceof Integer index) {
            if (index < 1 || index > kept.columns().size()) {
                throw new SQLException(
                        "no column " + index + ": there are " + kept.columns().size(), "42703");
            }
            return index;
        }
        String label = (String) asked;
        for (int i = 0; i < kept.columns().size(); i++) {
            if (kept.columns().get(i).label().equalsIgnoreCase(label)) {
                return i + 1;
            }
        }
        for (int i = 0; i < kept.columns().size(); i++) {
            if (kept.columns().get(i).name().equalsIgnoreCase(label)) {
                return i + 1;
            }
        }
        throw new SQLException("no column " + label, "42703");
    }

    private static SQLException unsupported(String what) {
        return new SQLFeatureNotSupportedException(what + ": not of rows that were kept", "0A000");
    }
}
