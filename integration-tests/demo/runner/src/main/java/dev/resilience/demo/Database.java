package dev.resilience.demo;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** A real PostgreSQL server whose backends can be stopped and continued. */
final class Database implements AutoCloseable {
    private final EmbeddedPostgres server;
    private final ProcessHandle postmaster;
    private final Set<Long> workers;
    private final Set<Long> stopped = new HashSet<>();

    private Database(EmbeddedPostgres server) throws SQLException {
        this.server = server;
        try (Connection connection = DriverManager.getConnection(url());
                Statement statement = connection.createStatement()) {
            statement.execute("create table stock (product int primary key, quantity int not null)");
            statement.execute("insert into stock select n, n % 90 + 1 from generate_series(0, 999) n");
            statement.execute("analyze stock");
            long backend;
            try (ResultSet row = statement.executeQuery("select pg_backend_pid()")) {
                row.next();
                backend = row.getLong(1);
            }
            postmaster = ProcessHandle.of(backend)
                    .flatMap(ProcessHandle::parent)
                    .orElseThrow(() -> new IllegalStateException("the processes of PostgreSQL cannot be seen"));
            workers = new HashSet<>(children());
            workers.remove(backend);
        }
    }

    static Database start() throws IOException, SQLException {
        return new Database(EmbeddedPostgres.builder().start());
    }

    String url() {
        return "jdbc:postgresql://127.0.0.1:" + server.getPort() + "/postgres?user=postgres";
    }

    /** Stops every process that serves a client now; one that is asked for later is a new process, and runs. */
    synchronized void stopBackends() {
        stopped.addAll(children());
        stopped.removeAll(workers);
        Processes.signal("STOP", stopped);
    }

    synchronized void resume() {
        Processes.signal("CONT", stopped);
        stopped.clear();
    }

    private List<Long> children() {
        return postmaster.children().map(ProcessHandle::pid).toList();
    }

    @Override
    public void close() throws IOException {
        resume();
        server.close();
    }
}
