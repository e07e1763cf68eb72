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
     * whole. Of a result that can be scrolled each step has to be the next of them all.
     */
    private final MessageAsk ask;
    private final MessageKeeper keeper;
    private final Column[] columns;
    private final boolean scrolls;
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream(1_024);
    private final DataOutputStream out = new DataOutputStream(bytes);
    private final java.lang.ref.WeakReference<ResultSet> of;
    private int count;
    private boolean over;

    private RowCopy(ResultSet of, MessageAsk ask, MessageKeeper keeper, Column[] columns) throws SQLException {
        this.of = new java.lang.ref.WeakReference<>(of);
        this.ask = ask;
        this.keeper = keeper;
        this.columns = columns;
        this.scrolls = of.getType() != ResultSet.TYPE_FORWARD_ONLY;
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
        copy.out.writeBoolean(!PgTypes.areOf(rows));
        copy.out.writeInt(columns.length);
        for (Column column : columns) {
            column.write(copy.out);
        }
        return copy;
    }

    boolean isOver() {
        return over;
    }

    void giveUp() {
        over = true;
        bytes.reset();
    }

    /** The application stepped on the next row, or found that there is none. */
    void advanced(boolean isRow) throws IOException {
        ResultSet rows = of.get();
        if (over || rows == null) {
            return;
        }
        if (!isRow) {
            over = true;
            out.writeBoolean(false);
            keeper.keep(ask, bytes.toByteArray());
            return;
        }
        count++;
        boolean isKept = false;
        try {
            isKept = !scrolls || rows.getRow() == count;
            out.writeBoolean(true);
            for (int i = 0; isKept && i < columns.length; i++) {
                Cell.write(Cell.of(rows, i + 1, columns[i]), out);
                isKept = bytes.size() <= keeper.mostBytes();
            }
        } catch (SQLException unknown) {
            isKept = false; // a value that cannot be kept
        }
        if (!isKept) {
            giveUp();
        }
    }
}
