package dev.resilience.instrumentation.jdbc;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** A whole result, of which no more than a row at a time is made into objects: they take many times its bytes. */
final class KeptRows {
    private final boolean rounds;
    private final List<Column> columns;
    private final byte[] bytes;
    private final int[] begins;

    private KeptRows(boolean rounds, List<Column> columns, byte[] bytes, int[] begins) {
        this.rounds = rounds;
        this.columns = columns;
        this.bytes = bytes;
        this.begins = begins;
    }

    /** As a {@link RowCopy} wrote it. */
    static KeptRows read(byte[] bytes) throws IOException {
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
        boolean rounds = in.readBoolean();
        int count = in.readInt();
        List<Column> columns = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            columns.add(Column.read(in));
        }
        IntStream.Builder begins = IntStream.builder();
        while (in.readBoolean()) {
            begins.add(bytes.length - in.available());
            for (int i = 0; i < count; i++) {
                Cell.read(in);
            }
        }
        return new KeptRows(rounds, columns, bytes, begins.build().toArray());
    }

    /** Whether its driver rounds a number that is asked for as a whole one; others cut it off. */
    boolean rounds() {
        return rounds;
    }

    List<Column> columns() {
        return columns;
    }

    int size() {
        return begins.length;
    }

    /** The row of this number, from 1 on. */
    @Nullable
    Cell[] row(int number) throws IOException {
        int begin = begins[number - 1];
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes, begin, bytes.length - begin));
        @Nullable Cell[] row = new Cell[columns.size()];
        for (int i = 0; i < row.length; i++) {
            row[i] = Cell.read(in);
        }
        return row;
    }
}
