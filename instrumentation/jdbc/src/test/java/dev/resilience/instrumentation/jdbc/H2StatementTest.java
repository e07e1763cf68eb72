package dev.resilience.instrumentation.jdbc;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.BeforeAll;

class H2StatementTest extends StatementContract {
    @BeforeAll
    static void names() throws SQLException {
        try (Connection connection = DriverManager.getConnection(Databased.H2);
                Statement statement = connection.createStatement()) {
            statement.execute("create alias if not exists nap for \"" + Nap.class.getName() + ".tenths\"");
        }
    }

    @Override
    String url() {
        return Databased.H2;
    }

    @Override
    String sleep(int seconds) {
        return "select sum(nap(1)) from system_range(1, " + seconds * 10_000 + ")";
    }

    @Override
    String callSleep(int seconds) {
        return "{call nap(" + seconds + ")}";
    }
}
