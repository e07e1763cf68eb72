package dev.resilience.instrumentation.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JdbcUrlTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        jdbc:postgresql://db:5432/shop                           | jdbc:postgresql://db:5432/shop
        jdbc:postgresql://db/shop?user=u&password=secret         | jdbc:postgresql://db/shop
        jdbc:postgresql://a:1,b:2/shop?user=me@corp&password=s@t | jdbc:postgresql://a:1,b:2/shop
        jdbc:postgresql://[::1]:5432/shop?password=secret        | jdbc:postgresql://[::1]:5432/shop
        jdbc:mysql://u:secret@db:3306/shop                       | jdbc:mysql://db:3306/shop
        jdbc:mysql://u:sec@ret/x@db:3306/shop?a=b                | jdbc:mysql://db:3306/shop
        jdbc:mysql://u:sec?ret@db:3306/shop                      | jdbc:mysql://
        jdbc:mysql://address=(host=db)(user=u)(password=secret)/shop | jdbc:mysql://address=(host=db)/shop
        jdbc:h2:mem:test;PASSWORD=secret                         | jdbc:h2:mem:test
        jdbc:h2:tcp://localhost/~/test;USER=sa;PASSWORD=secret   | jdbc:h2:tcp://localhost/~/test
        jdbc:sqlserver://db:1433;databaseName=shop;user=a@b;password=secret | jdbc:sqlserver://db:1433
        jdbc:oracle:thin:scott/secret@//db:1521/shop             | jdbc:oracle:thin:@//db:1521/shop
        jdbc:oracle:thin:@db:1521:shop                           | jdbc:oracle:thin:@db:1521:shop
        jdbc:sqlite:/var/data/shop.db                            | jdbc:sqlite:/var/data/shop.db
        """)
    void keepsWhereItLeadsAndNothingElse(String url, String bare) {
        assertThat(JdbcUrl.withoutSecrets(url)).isEqualTo(bare).doesNotContain("secret");
    }
}
