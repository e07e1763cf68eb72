package dev.resilience.benchmarks;

import java.util.List;
import java.util.stream.Stream;

/** Rows that are compared with one another; one table of the report. */
record Group(String title, List<Row> rows) {
    static final List<Group> ALL = List.of(
            FloorRows.GROUP,
            ClosedRows.GROUP,
            LimitRows.GROUP,
            RateRows.PASS,
            RateRows.EMPTY,
            DeadlineRows.GROUP,
            RefusalRows.BARE,
            RefusalRows.THROWN);

    static Stream<Row> everyRow() {
        return ALL.stream().flatMap(group -> group.rows.stream());
    }

    static Row row(String label) {
        return everyRow()
                .filter(row -> row.label().equals(label))
                .findAny()
                .orElseThrow(() -> new IllegalArgumentException("no row " + label));
    }
}
