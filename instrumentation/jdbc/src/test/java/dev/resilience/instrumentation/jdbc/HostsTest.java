package dev.resilience.instrumentation.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HostsTest {
    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(
            delimiter = '|',
            value = {
                "jdbc:postgresql://db.svc/shop | db.svc",
                "jdbc:postgresql://db.svc:5432/shop?user=me | db.svc",
                "jdbc:postgresql://a:1,b,127.0.0.1:2,[::1]:3/shop | a,b",
                "jdbc:postgresql://me:secret@db.svc/shop | db.svc",
                "jdbc:postgresql://db.svc | db.svc",
                "jdbc:postgresql:shop | ''",
                "jdbc:postgresql:///shop | ''",
                "jdbc:mysql://me:se@cret@db.svc:3306/shop | db.svc",
                "jdbc:mysql://me:se/cret@db.svc/shop | ''",
                "jdbc:mysql://me:se?cret@db.svc/shop | ''",
                "jdbc:mysql://me:s@e/cret@db.svc/shop | ''",
                "jdbc:mysql://me:secret@a,me:secret@b/shop | ''",
                "jdbc:mysql:loadbalance://me:secret@a,b/shop | a,b",
                "jdbc:mysql+srv://db.svc/shop | ''",
                "jdbc:mysql://address=(host=a)(password=p)/shop | ''",
                "jdbc:mariadb://db.svc/shop?mail=x@y | ''",
                "jdbc:h2:tcp://db.svc:9092/~/shop;USER=sa | db.svc",
                "jdbc:h2:file:///data/shop | ''",
                "jdbc:h2:mem:shop | ''",
                "jdbc:oracle:thin:me/secret@//db.svc/shop | ''",
            })
    void areTheNamesOfAUrl(String url, String names) {
        assertThat(String.join(",", Hosts.names(url))).isEqualTo(names);
    }
}
