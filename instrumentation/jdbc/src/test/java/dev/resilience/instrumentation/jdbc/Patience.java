package dev.resilience.instrumentation.jdbc;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.time.Duration;

/** With databases on a busy machine. */
final class Patience {
    /** What is known of one by the one weaving that all tests share. */
    static Openings openings(String url) {
        return JdbcAdapter.shared().databases().of(url, null).openings();
    }

    /** The next cancels there have the most that any has to come back, so that no pause of the machine costs a connection. */
    static void with(String url) {
        openings(url).cancelled(StatementCall.GRACE_NANOS / 2);
    }

    /** Another process may take its port before it does: then on another one. */
    static EmbeddedPostgres start(String key, String value) throws IOException {
        for (int failed = 0; ; ) {
            try {
                return EmbeddedPostgres.builder()
                        .setServerConfig("fsync", "off")
                        .setServerConfig(key, value)
                        .setPGStartupWait(Duration.ofSeconds(20))
                        .start();
            } catch (IOException e) {
                if (++failed == 3) {
                    throw e;
                }
            }
        }
    }

    private Patience() {}
}
