package dev.resilience.agent.target;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JdbcUrlTest {
    @ParameterizedTest
    @CsvSource({
        "jdbc:postgresql://h:5432/db?user=a&password=b, jdbc:postgresql://h:5432/db",
        "jdbc:postgresql://[::1]:5432/db, jdbc:postgresql://[::1]:5432/db",
        "'jdbc:postgresql://h1:5432,h2:5433/db?x=y', 'jdbc:postgresql://h1:5432,h2:5433/db'",
        "jdbc:mysql://user:p%40ss@h:3306/db, jdbc:mysql://h:3306/db",
        "jdbc:mysql://user:p@ss/word@h:3306/db, jdbc:mysql://h:3306/db",
        "jdbc:mysql://user:p?ss@h:3306/db, jdbc:mysql://user",
        "jdbc:sqlserver://h:1433;databaseName=db;user=sa;password=p@ss, jdbc:sqlserver://h:1433",
        "jdbc:h2:mem:test;USER=sa;PASSWORD=secret, jdbc:h2:mem:test",
        "jdbc:h2:tcp://localhost/~/test;PASSWORD=secret, jdbc:h2:tcp://localhost/~/test",
        "jdbc:oracle:thin:scott/tiger@//h:1521/service, jdbc:oracle:thin:@//h:1521/service",
        "jdbc:oracle:thin:@h:1521:sid, jdbc:oracle:thin:@h:1521:sid",
        "jdbc:sqlite:/tmp/a@b.db, jdbc:sqlite:/tmp/a@b.db",
        "'', ''"
    })
    void namesHostPortAndDatabaseOnly(String url, String bare) {
        assertThat(JdbcUrl.bare(url)).isEqualTo(bare);
    }
}
