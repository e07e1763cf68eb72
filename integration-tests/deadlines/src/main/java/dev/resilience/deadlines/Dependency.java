package dev.resilience.deadlines;

import java.io.IOException;
import java.sql.SQLException;

/** A server that takes calls and never answers them. */
interface Dependency extends AutoCloseable {
    String address();

    Seen seen();

    /** How many calls it is at work on, or would be, had it been told of them. */
    int open() throws SQLException;

    @Override
    void close() throws IOException, SQLException;
}
