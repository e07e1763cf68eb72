package dev.resilience.apps;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Makes bursts of calls of databases, one for each of its {@link Lines}: {@code ID KIND COUNT URL SQL}.
 *
 * <pre>
 * connect            through DriverManager
 * lazy               the first connection of a HikariCP pool, to each call its own
 * full               from a HikariCP pool whose one connection is given away
 * pool, borrow       opens a HikariCP pool of so many connections; from that pool
 * open               opens so many connections
 * execute, batch     on these; SQL;SQL
 * cursor, next       opens a cursor on each of these, and reads its first rows; the rest of the rows
 * close              closes all of that URL
 * </pre>
 *
 * <p>Answers: {@code ID ENDING*COUNT,... MICROS ...}, where an exception of JDBC is its class, or {@code cut} if the agent
 * made it, and its SQL state.
 */
public final class JdbcPhases {
    private static final int FETCH = 10;

    private final Map<String, Queue<Connection>> connections = new ConcurrentHashMap<>();
    private final Map<String, Queue<ResultSet>> cursors = new ConcurrentHashMap<>();
    private final Map<String, HikariDataSource> pools = new ConcurrentHashMap<>();

    public static void main(String[] arguments) throws IOException {
        Lines.serve(5, new JdbcPhases()::answerTo);
    }

    private String answerTo(String[] words) throws Exception {
        int count = Integer.parseInt(words[2]);
        String url = words[3];
        switch (words[1]) {
            case "connect":
                return burst(count, () -> ended(DriverManager.getConnection(url)));
            case "lazy":
                return burst(count, () -> {
                    try (HikariDataSource pool = new HikariDataSource()) {
                        pool.setJdbcUrl(url);
                        return ended(pool.getConnection());
                    }
                });
            case "full":
                try (HikariDataSource pool = new HikariDataSource(config(url, 1));
                        Connection all = pool.getConnection()) {
                    return all.isClosed() ? "closed" : burst(count, () -> ended(pool.getConnection()));
                }
            case "pool":
                pools.put(url, filled(new HikariDataSource(config(url, count))));
                return "ok";
            case "borrow":
                HikariDataSource pool = of(pools, url);
                return burst(count, () -> ended(pool.getConnection()));
            case "open":
                open(count, url);
                return "ok";
            case "cursor":
                open(count, url);
                return burst(count, () -> openCursor(url, words[4]));
            case "next":
                return burst(count, () -> readOn(of(cursors, url).remove()));
            case "close":
                close(url);
                return "ok";
            default:
                boolean batch = words[1].equals("batch");
                return burst(count, () -> executed(of(connections, url), words[4], batch));
        }
    }

    private static String burst(int count, Callable<String> call) throws InterruptedException {
        return Burst.of(count, () -> {
            try {
                return call.call();
            } catch (SQLException e) {
                boolean isCut =
                        String.valueOf(e.getMessage()).contains("resilience: call cut: deadline_exhausted (100)");
                return (isCut ? "cut" : e.getClass().getSimpleName()) + "_" + e.getSQLState();
            }
        });
    }

    private static <T> T of(Map<String, T> all, String url) {
        T found = all.get(url);
        if (found == null) {
            throw new IllegalStateException("nothing is open of " + url);
        }
        return found;
    }

    private static String ended(Connection connection) throws SQLException {
        connection.close();
        return "connected";
    }

    private static HikariConfig config(String url, int size) {
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl(url);
        config.setMaximumPoolSize(size);
        return config;
    }

    private static HikariDataSource filled(HikariDataSource pool) throws SQLException {
        List<Connection> all = new ArrayList<>();
        for (int slow = 0; all.size() < pool.getMaximumPoolSize(); ) {
            try {
                all.add(pool.getConnection());
            } catch (SQLException late) { // on a busy machine; and to fill it is not what is tried
                if (++slow > 50) {
                    throw late;
                }
            }
        }
        for (Connection each : all) {
            each.close();
        }
        return pool;
    }

    private void open(int count, String url) throws SQLException {
        Queue<Connection> opened = connections.computeIfAbsent(url, key -> new ConcurrentLinkedQueue<>());
        while (opened.size() < count) {
            opened.add(DriverManager.getConnection(url));
        }
    }

    private static String executed(Queue<Connection> opened, String sql, boolean batch) throws SQLException {
        Connection connection = opened.remove();
        try (Statement statement = connection.createStatement()) {
            if (batch) {
                for (String one : sql.split(";", -1)) {
                    statement.addBatch(one);
                }
                return "executed_" + statement.executeBatch().length;
            }
            return "executed_" + statement.execute(sql);
        } finally {
            if (!connection.isClosed()) {
                opened.add(connection);
            }
        }
    }

    /** The first two fetches of it. */
    private String openCursor(String url, String sql) throws SQLException {
        Queue<Connection> opened = of(connections, url);
        Connection connection = opened.remove();
        opened.add(connection);
        connection.setAutoCommit(false);
        Statement statement = connection.createStatement();
        statement.setFetchSize(FETCH);
        ResultSet rows = statement.executeQuery(sql);
        for (int i = 0; i < 2 * FETCH; i++) {
            rows.next();
        }
        cursors.computeIfAbsent(url, key -> new ConcurrentLinkedQueue<>()).add(rows);
        return "at_" + rows.getRow();
    }

    private static String readOn(ResultSet rows) throws SQLException {
        int read = 0;
        while (rows.next()) {
            read++;
        }
        return "read_" + read;
    }

    private void close(String url) throws SQLException {
        cursors.remove(url);
        Queue<Connection> opened = connections.remove(url);
        if (opened != null) {
            for (Connection each : opened) {
                each.close();
            }
        }
        HikariDataSource pool = pools.remove(url);
        if (pool != null) {
            pool.close();
        }
    }
}
