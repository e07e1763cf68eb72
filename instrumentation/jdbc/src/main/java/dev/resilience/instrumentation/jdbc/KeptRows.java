package dev.resilience.instrumentation.jdbc;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A whole result.
 *
 * @param rounds whether its driver rounds a number that is asked for as a whole one; others cut it off
 */
record KeptRows(boolean rounds, List<Column> columns, List<@Nullable Cell[]> rows) {

    /** As a {@link RowCopy} wrote it. */
    static KeptRows read(byte[] bytes) throws IOException {
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
        boolean rounds = in.readBoolean();
        int count = in.readInt();
        List<Column> columns = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            columns.add(Column.read(in));
        }
        List<@Nullable Cell[]> rows = new ArrayList<>();
        while (in.readBoolean()) {
            @Nullable Cell[] row = new Cell[count];
            for (int i = 0; i < count; i++) {
                row[i] = Cell.read(in);
            }
            rows.add(row);
        }
        return new KeptRows(rounds, columns, rows);
    }
}
