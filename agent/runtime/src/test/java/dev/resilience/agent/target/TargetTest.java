package dev.resilience.agent.target;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TargetTest {
    @Test
    void namesHttpBySchemeHostAndPort() {
        assertThat(Target.http("HTTPS", "Shop.Example.", 443).name()).isEqualTo("https://shop.example:443");
        assertThat(Target.http("http", "[0:0:0:0:0:0:0:1]", 8080).name()).isEqualTo("http://[::1]:8080");
    }

    @ParameterizedTest
    @CsvSource({
        "Pay.Svc:9000, pay.svc:9000",
        "pay.svc.:9000, pay.svc:9000",
        "pay.svc, pay.svc",
        "user@pay.svc:9000, pay.svc:9000",
        "dns:///Pay.Svc.:9000, dns:///pay.svc:9000",
        "[0:0:0:0:0:0:0:1]:9000, [::1]:9000",
        "[2001:DB8::1], [2001:db8::1]",
        "bücher.example:9000, xn--bcher-kva.example:9000",
        "unix:///run/pay.sock, unix:///run/pay.sock",
        "'', ''"
    })
    void namesGrpcByAuthority(String authority, String name) {
        assertThat(Target.grpc(authority).name()).isEqualTo(name);
    }

    @ParameterizedTest
    @CsvSource({
        "jdbc:postgresql://DB.Shop:5432/Orders?user=a, jdbc:postgresql://db.shop:5432/Orders",
        "jdbc:postgresql://db.shop/orders, jdbc:postgresql://db.shop:5432/orders",
        "jdbc:postgresql://db.shop./orders, jdbc:postgresql://db.shop:5432/orders",
        "jdbc:postgresql:///orders, jdbc:postgresql://localhost:5432/orders",
        "jdbc:postgresql:orders, jdbc:postgresql://localhost:5432/orders",
        "'jdbc:postgresql://h1,H2:5433/db', 'jdbc:postgresql://h1:5432,h2:5433/db'",
        "jdbc:postgresql://[0:0:0:0:0:0:0:1]/db, jdbc:postgresql://[::1]:5432/db",
        "jdbc:mysql://db/orders, jdbc:mysql://db:3306/orders",
        "'jdbc:mysql:replication://w,r/orders', 'jdbc:mysql:replication://w:3306,r:3306/orders'",
        "jdbc:mysql://address=(host=db)(port=1)/orders, jdbc:mysql://address=(host=db)(port=1)/orders",
        "jdbc:mariadb://db/orders, jdbc:mariadb://db:3306/orders",
        "jdbc:sqlserver://db;databaseName=orders, jdbc:sqlserver://db:1433",
        "jdbc:sqlserver://db\\instance, jdbc:sqlserver://db\\instance",
        "jdbc:oracle:thin:@//db/orders, jdbc:oracle:thin:@//db:1521/orders",
        "jdbc:oracle:thin:@db:1521:sid, jdbc:oracle:thin:@db:1521:sid",
        "jdbc:h2:mem:test, jdbc:h2:mem:test",
        "jdbc:h2:tcp://localhost/~/Test, jdbc:h2:tcp://localhost:9092/~/Test",
        "jdbc:sqlite:/tmp/A.db, jdbc:sqlite:/tmp/A.db",
        "jdbc:unknown://Host/db, jdbc:unknown://host/db"
    })
    void namesDatabasesByDriverHostPortAndDatabase(String url, String name) {
        assertThat(Target.jdbc(url).name()).isEqualTo(name);
    }

    @ParameterizedTest
    @CsvSource({
        "http, http://shop.example:8443, http://shop.example/(more targets)",
        "http, http://shop.example:8443/orders/{id}, http://shop.example/(more targets)",
        "http, http://[::1]:8443, http://[::1]/(more targets)",
        "grpc, pay.svc:9000, pay.svc/(more targets)",
        "grpc, pay.svc:9000/shop.Pay/Charge, pay.svc/(more targets)",
        "grpc, dns:///pay.svc:9000, dns:///pay.svc/(more targets)",
        "jdbc, jdbc:postgresql://db:5432/orders, jdbc:postgresql://db/(more targets)",
        "'jdbc', 'jdbc:postgresql://h1:5432,h2:5433/db', 'jdbc:postgresql://h1,h2/(more targets)'",
        "jdbc, jdbc:h2:mem:test, (more targets)",
        "grpc, '', (more targets)"
    })
    void namesWhatATargetWithoutAPlaceShares(String protocol, String name, String shared) {
        assertThat(new Target(protocol, name).ofHost().name()).isEqualTo(shared);
    }
}
