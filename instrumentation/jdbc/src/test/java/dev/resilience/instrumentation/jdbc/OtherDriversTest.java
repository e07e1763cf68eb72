package dev.resilience.instrumentation.jdbc;

import static dev.resilience.instrumentation.jdbc.Databased.GUARDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.Driver;
import java.sql.SQLTransientConnectionException;
import java.util.Properties;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The real drivers of MariaDB and MySQL, woven; without a server, as a refused call needs none. */
class OtherDriversTest {
    @BeforeEach
    void starts() {
        GUARDS.reset();
    }

    @AfterEach
    void nobodyWasWarned() {
        GUARDS.open = false;
        assertThat(Databased.WOVEN.warnings()).isEmpty();
        assertThat(GUARDS.faults).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "org.mariadb.jdbc.Driver, jdbc:mariadb://127.0.0.1:1/shop",
        "com.mysql.cj.jdbc.Driver, jdbc:mysql://127.0.0.1:1/shop",
    })
    void aRefusedConnectIsNotTried(String name, String url) throws Exception {
        Driver driver = Class.forName(name)
                .asSubclass(Driver.class)
                .getDeclaredConstructor()
                .newInstance();
        GUARDS.open = true;

        assertThatThrownBy(() -> driver.connect(url, new Properties()))
                .isInstanceOf(SQLTransientConnectionException.class)
                .hasFieldOrPropertyWithValue("SQLState", "RS001");

        assertThat(GUARDS.lookups).containsExactly(url + " null");
        assertThat(GUARDS.refused).hasValue(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "org.mariadb.jdbc.Connection",
                "org.mariadb.jdbc.Statement",
                "org.mariadb.jdbc.ClientPreparedStatement",
                "org.mariadb.jdbc.ServerPreparedStatement",
                "org.mariadb.jdbc.MariaDbDataSource",
                "com.mysql.cj.jdbc.ConnectionImpl",
                "com.mysql.cj.jdbc.StatementImpl",
                "com.mysql.cj.jdbc.ClientPreparedStatement",
                "com.mysql.cj.jdbc.ServerPreparedStatement",
                "com.mysql.cj.jdbc.MysqlDataSource",
            })
    void itsClassesLoadWithoutAWarning(String name) throws ClassNotFoundException {
        assertThat(Class.forName(name)).hasToString("class " + name);
    }
}
