package dev.resilience.deadlines;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A real PostgreSQL, and what it is at work on. */
final class Database implements AutoCloseable {
    private static final String APPLICATION = "deadlines";
    private static final Pattern NUMBER = Pattern.compile("/\\* call (\\d+) \\*/");

    private final EmbeddedPostgres server;
    private final Connection own;
    private final PreparedStatement activity;

    Database() throws IOException, SQLException {
        server = EmbeddedPostgres.builder().setServerConfig("fsync", "off").start();
        own = DriverManager.getConnection(server.getJdbcUrl("postgres", "postgres"));
        activity = own.prepareStatement("select query from pg_stat_activity where application_name = '" + APPLICATION
                + "' and state = 'active'");
    }

    int port() {
        return server.getPort();
    }

    /** Through this port, which may be another's. */
    static String url(int port) {
        return "jdbc:postgresql://127.0.0.1:" + port
                + "/postgres?user=postgres&password=postgres&sslmode=disable&ApplicationName=" + APPLICATION;
    }

    /** The numbers of the statements it is at work on. */
    synchronized List<Integer> active() throws SQLException {
        List<Integer> numbers = new ArrayList<>();
        try (ResultSet rows = activity.executeQuery()) {
            while (rows.next()) {
                Matcher number = NUMBER.matcher(rows.getString(1));
                numbers.add(number.find() ? Integer.parseInt(number.group(1)) : -1);
            }
        }
        return numbers;
    }

    /** Ends what those who came before have left running. */
    synchronized void clear() throws SQLException {
        try (Statement statement = own.createStatement()) {
            statement.execute("select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name = '"
                    + APPLICATION + "'");
        }
    }

    @Override
    public void close() throws IOException, SQLException {
        own.close();
        server.close();
    }
}
