package dev.resilience.instrumentation.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.resilience.instrumentation.api.ClientModule;
import dev.resilience.instrumentation.api.JoinPoint;
import dev.resilience.instrumentation.api.JoinPoint.Types;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.sql.Driver;
import java.sql.Statement;
import java.util.List;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeSet;
import javax.sql.DataSource;
import net.bytebuddy.jar.asm.Type;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JdbcModuleTest {
    private final JdbcModule module = new JdbcModule();

    @Test
    void isFound() {
        assertThat(ServiceLoader.load(ClientModule.class)).hasAtLeastOneElementOfType(JdbcModule.class);
    }

    @Test
    void namesAdviceThatExists() throws ClassNotFoundException {
        for (JoinPoint joinPoint : module.joinPoints()) {
            for (JoinPoint.Method method : joinPoint.methods()) {
                Class<?> advice = Class.forName(method.advice());
                assertThat(advice.getDeclaredMethods())
                        .extracting(Method::getName)
                        .contains("enter");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "org.postgresql.jdbc.PgStatement",
                "org.postgresql.jdbc.PgPreparedStatement",
                "org.h2.jdbc.JdbcStatement",
                "org.h2.jdbc.JdbcPreparedStatement",
                "org.mariadb.jdbc.Statement",
                "org.mariadb.jdbc.ClientPreparedStatement",
                "org.mariadb.jdbc.ServerPreparedStatement",
                "com.mysql.cj.jdbc.StatementImpl",
                "com.mysql.cj.jdbc.ClientPreparedStatement",
            })
    void weavesTheExecuteMethodsOfDrivers(String name) throws ClassNotFoundException {
        Class<?> driver = load(name);
        assertThat(Statement.class).isAssignableFrom(driver);
        Set<String> executes = new TreeSet<>();
        for (Method method : driver.getDeclaredMethods()) {
            if (Modifier.isPublic(method.getModifiers())
                    && method.getName().matches("execute|execute(Large)?(Update|Batch)|executeQuery")) {
                executes.add(method.getName());
            }
        }
        assertThat(executes).isNotEmpty();
        assertThat(woven("java.sql.Statement", driver)).containsAll(executes);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "org.postgresql.Driver",
                "org.h2.Driver",
                "org.mariadb.jdbc.Driver",
                "com.mysql.cj.jdbc.NonRegisteringDriver"
            })
    void weavesConnectOfDrivers(String name) throws ClassNotFoundException {
        assertThat(Driver.class).isAssignableFrom(load(name));
        assertThat(woven("java.sql.Driver", load(name))).containsExactly("connect");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "com.zaxxer.hikari.HikariDataSource",
                "org.h2.jdbcx.JdbcDataSource",
                "org.mariadb.jdbc.MariaDbDataSource",
                "com.mysql.cj.jdbc.MysqlDataSource",
                "org.postgresql.ds.common.BaseDataSource"
            })
    void weavesGetConnectionOfDataSources(String name) throws ClassNotFoundException {
        assertThat(name.endsWith("BaseDataSource") || DataSource.class.isAssignableFrom(load(name)))
                .isTrue();
        assertThat(woven("javax.sql.DataSource", load(name))).contains("getConnection");
    }

    @Test
    void weavesEveryNamedMethodOfThePool() throws ClassNotFoundException {
        assertThat(woven("com.zaxxer.hikari.pool.PoolBase", load("com.zaxxer.hikari.pool.PoolBase")))
                .contains("newConnection")
                .hasSize(2);
        assertThat(woven("com.zaxxer.hikari.pool.HikariPool", load("com.zaxxer.hikari.pool.HikariPool")))
                .containsExactly("getConnection");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "com.zaxxer.hikari.pool.ProxyStatement",
                "com.zaxxer.hikari.pool.HikariProxyPreparedStatement",
                "org.apache.commons.dbcp2.DelegatingStatement",
                "com.alibaba.druid.pool.DruidPooledStatement",
                "java.beans.Statement",
                "javax.sql.rowset.JoinableStatement",
            })
    void leavesStatementsOfPoolsAndOfTheJdkAlone(String name) {
        assertThat(subtypes("java.sql.Statement")).noneMatch(types -> types.mayMatch(name));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "java.net.JarURLConnection",
                "sun.net.www.protocol.http.HttpURLConnection",
                "java.sql.DriverManager",
                "javax.activation.DataSource"
            })
    void doesNotWakeTheWeaverForTheJdk(String name) {
        for (JoinPoint joinPoint : module.joinPoints()) {
            if (joinPoint.types() instanceof Types.SubtypesOf types) {
                assertThat(types.mayMatch(name)).isFalse();
            }
        }
    }

    private static Class<?> load(String name) throws ClassNotFoundException {
        return Class.forName(name, false, JdbcModuleTest.class.getClassLoader());
    }

    private List<Types.SubtypesOf> subtypes(String supertype) {
        return module.joinPoints().stream()
                .map(JoinPoint::types)
                .filter(Types.SubtypesOf.class::isInstance)
                .map(Types.SubtypesOf.class::cast)
                .filter(types -> types.supertype().equals(supertype))
                .toList();
    }

    /** The names of the methods that are woven into a class through the join points of one type. */
    private Set<String> woven(String joined, Class<?> type) {
        Set<String> names = new TreeSet<>();
        for (JoinPoint joinPoint : module.joinPoints()) {
            boolean wanted = joinPoint.types() instanceof Types.SubtypesOf types
                    ? types.supertype().equals(joined) && types.mayMatch(type.getName())
                    : joinPoint.types().equals(new Types.Named(joined));
            for (JoinPoint tried = wanted ? joinPoint : null; tried != null; tried = tried.otherwise()) {
                Set<String> found = new TreeSet<>();
                for (JoinPoint.Method method : tried.methods()) {
                    for (Method declared : type.getDeclaredMethods()) {
                        if (declared.getName().equals(method.name())
                                && (method.descriptor() == null
                                        || Type.getMethodDescriptor(declared).startsWith(method.descriptor()))) {
                            found.add(method.name());
                        }
                    }
                }
                if (joinPoint.types() instanceof Types.SubtypesOf
                        || found.size() == tried.methods().size()) {
                    names.addAll(found);
                    break;
                }
            }
        }
        return names;
    }
}
