package dev.resilience.instrumentation.jdbc;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.resilience.testkit.Woven;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;

/** What all tests share: one weaving, one PostgreSQL, one set of guards for the life of the JVM. */
final class Databased {
    static final ScriptedGuards GUARDS = new ScriptedGuards();
    static final Woven WOVEN = Woven.with(new JdbcModule(), GUARDS);
    static final String H2 = "jdbc:h2:mem:shared;DB_CLOSE_DELAY=-1";

    private static final class Postgres {
        static final EmbeddedPostgres SERVER = start();

        private static EmbeddedPostgres start() {
            try {
                EmbeddedPostgres server = Patience.start("max_connections", "50");
                Runtime.getRuntime().addShutdownHook(new Thread(() -> close(server)));
                return server;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private static void close(EmbeddedPostgres server) {
            try {
                server.close();
            } catch (IOException e) {
                // the JVM is going down
            }
        }
    }

    static int postgresPort() {
        return Postgres.SERVER.getPort();
    }

    static String postgres() {
        return postgres(postgresPort());
    }

    static String postgres(int port) {
        return "jdbc:postgresql://127.0.0.1:" + port + "/postgres?user=postgres&password=secret";
    }

    static HikariDataSource pool(String url, int size) {
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl(url);
        config.setMaximumPoolSize(size);
        config.setPoolName("shop");
        config.setConnectionTimeout(5_000);
        return new HikariDataSource(config);
    }

    /** A look at the server that no guard takes part in. */
    static String unguarded(String sql) {
        return Unguarded.call(() -> {
            try (Connection connection = DriverManager.getConnection(postgres());
                    Statement statement = connection.createStatement();
                    ResultSet result = statement.executeQuery(sql)) {
                result.next();
                return String.valueOf(result.getString(1));
            }
        });
    }

    /** Whether no statement sleeps there that says so. */
    static boolean isNoneAsleep(String sql) {
        return unguarded("select count(*) from pg_stat_activity where wait_event = 'PgSleep' and query = '" + sql + "'")
                .equals("0");
    }

    private Databased() {}
}
