package dev.resilience.deadlines;

import java.sql.SQLException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** A database that does as it is told, which is to sleep; looked at ten times a second. */
final class SleepingDatabase implements Dependency {
    private final Database database;
    private final Seen seen;
    private final ScheduledExecutorService looking = Executors.newSingleThreadScheduledExecutor();

    SleepingDatabase(Database database, int calls) {
        this.database = database;
        this.seen = new Seen(calls);
        var unused = looking.scheduleAtFixedRate(this::look, 0, 100, TimeUnit.MILLISECONDS);
    }

    @Override
    public String address() {
        return Database.url(database.port());
    }

    @Override
    public Seen seen() {
        return seen;
    }

    @Override
    public int open() throws SQLException {
        return database.active().size();
    }

    private void look() {
        try {
            for (int number : database.active()) {
                seen.at(number, System.nanoTime());
            }
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        looking.shutdownNow();
    }
}
