package dev.resilience.it;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;

/** One real PostgreSQL for all tests of this JVM; it ends with the JVM. */
final class Postgres {
    private static final EmbeddedPostgres SERVER = start();

    /** Another process may take its port before it does: then on another one. */
    private static EmbeddedPostgres start() {
        for (int failed = 0; ; ) {
            try {
                return EmbeddedPostgres.builder()
                        .setServerConfig("fsync", "off")
                        .setPGStartupWait(Duration.ofSeconds(40))
                        .start();
            } catch (IOException e) {
                if (++failed == 3) {
                    throw new UncheckedIOException(e);
                }
            }
        }
    }

    static EmbeddedPostgres server() {
        return SERVER;
    }

    static String url() {
        return SERVER.getJdbcUrl("postgres", "postgres");
    }

    /** The number a query gives, asked past every agent. */
    static int count(String sql) {
        try (Connection connection = DriverManager.getConnection(url());
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            rows.next();
            return rows.getInt(1);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private Postgres() {}
}
