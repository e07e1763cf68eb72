package dev.resilience.instrumentation.jdbc;

import dev.resilience.instrumentation.api.MessageAsk;
import dev.resilience.instrumentation.api.MessageKeeper;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/** The rows of a result as the application reads them: whole once it has read the last. */
final class RowCopy {
    /*
     * A row is copied when the application has stepped on it and before it can have read anything of it, so what it then
     * asks (wasNull, a stream) it asks of its own reading. Nobody steps for it: what it does not read to the end is never
     * whole. Before each step it has to stand where the last one left it: some results can be moved by other methods.
     */
    private final MessageAsk ask;
    private final MessageKeeper keeper;
    private final Column[] columns;
    private ByteArrayOutputStream bytes = new ByteArrayOutputStream(1_024);
    private DataOutputStream out = new DataOutputStream(bytes);
    private final java.lang.ref.WeakReference<ResultSet> of;
    private int count;
    private boolean over;

    private RowCopy(ResultSet of, MessageAsk ask, MessageKeeper keeper, Column[] columns) {
        this.of = new java.lang.ref.WeakReference<>(of);
        this.ask = ask;
        this.keeper = keeper;
        this.columns = columns;
    }

    /** Null where there is a column that cannot be kept, or more can be done with the rows than to read them. */
    static @Nullable RowCopy of(ResultSet rows, MessageAsk ask, MessageKeeper keeper) throws SQLException, IOException {
        if (rows.getConcurrency() != ResultSet.CONCUR_READ_ONLY || rows.getType() == ResultSet.TYPE_SCROLL_SENSITIVE) {
            return null;
        }
        ResultSetMetaData metaData = rows.getMetaData();
        Column[] columns = new Column[metaData.getColumnCount()];
        for (int i = 0; i < columns.length; i++) {
            Column column = Column.of(rows, metaData, i + 1);
            if (column == null || !column.isKept()) {
                return null;
            }
            columns[i] = column;
        }
        RowCopy copy = new RowCopy(rows, ask, keeper, columns);
        copy.out.writeBoolean(!PgTypes.isOf(rows));
        copy.out.writeInt(columns.length);
        for (Column column : columns) {
            column.write(copy.out);
        }
        return copy;
    }

    boolean isOver() {
        return over;
    }

    /** Also where it was kept: whoever holds on to the result holds no copy of it. */
    void giveUp() {
        over = true;
        bytes = new ByteArrayOutputStream(0);
        out = new DataOutputStream(bytes);
    }

    /** Whether the application is about to step on the row after the last one that was copied. */
    boolean isInStep() {
        ResultSet rows = of.get();
        try {
            return rows != null && rows.getRow() == count && (count != 0 || !rows.isAfterLast());
        } catch (SQLException closed) {
            return false;
        }
    }

    /** The application stepped on the next row, or found that there is none. */
    void advanced(boolean isRow) throws IOException {
        ResultSet rows = of.get();
        if (over || rows == null) {
            return;
        }
        if (!isRow) {
            out.writeBoolean(false);
            keeper.keep(ask, bytes.toByteArray());
            giveUp();
            return;
        }
        count++;
        boolean isKept = false;
        try {
            isKept = rows.getRow() == count;
            out.writeBoolean(true);
            for (int i = 0; isKept && i < columns.length; i++) {
                Cell.write(Cell.of(rows, i + 1, columns[i], keeper.mostBytes()), out);
                isKept = bytes.size() <= keeper.mostBytes();
            }
        } catch (SQLException | RuntimeException unknown) {
            isKept = false; // a value that cannot be kept
        }
        if (!isKept) {
            giveUp();
        }
    }
}
