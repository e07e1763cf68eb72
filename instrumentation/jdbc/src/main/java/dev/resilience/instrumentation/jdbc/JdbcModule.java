package dev.resilience.instrumentation.jdbc;

import dev.resilience.instrumentation.api.ClientModule;
import dev.resilience.instrumentation.api.JoinPoint;
import dev.resilience.instrumentation.api.JoinPoint.Method;
import dev.resilience.instrumentation.api.JoinPoint.Types;
import java.util.ArrayList;
import java.util.List;

/** Where JDBC calls leave an application: the statements and connections of drivers, and the pools before them. */
public final class JdbcModule implements ClientModule {
    private static final String HERE = "dev.resilience.instrumentation.jdbc.";

    /** Nothing of the JDK is a driver; looking at its many connections would wake the weaver for nothing. */
    private static final List<String> JDK = List.of("java.", "javax.", "jdk.", "sun.", "com.sun.");

    /** Their statements and connections only hand on to the driver's, which are the ones that know their target. */
    private static final List<String> POOLS = List.of(
            "com.zaxxer.hikari.",
            "org.apache.commons.dbcp",
            "org.apache.tomcat.jdbc.",
            "org.apache.tomcat.dbcp.",
            "com.mchange.v2.",
            "com.alibaba.druid.",
            "io.agroal.",
            "oracle.ucp.");

    /** As those of pools, whoever makes them. */
    private static final List<String> WRAPPERS = List.of("org.jooq.", "com.p6spy.", "net.ttddyy.dsproxy.");

    private static final List<String> DRIVER_CONNECTIONS = List.of(
            "org.postgresql.jdbc.PgConnection",
            "com.mysql.cj.jdbc.ConnectionImpl",
            "org.mariadb.jdbc.Connection",
            "com.microsoft.sqlserver.jdbc.SQLServerConnection",
            "oracle.jdbc.driver.",
            "com.ibm.db2.jcc.",
            "org.sqlite.");

    /** Where drivers make the sockets of their connections, and of their cancels. */
    private static final List<String> SOCKETS = List.of(
            "org.postgresql.core.SocketFactoryFactory",
            "org.mariadb.jdbc.client.impl.ConnectionHelper",
            "com.mysql.cj.protocol.StandardSocketFactory",
            "org.h2.util.NetUtils");

    /** Where drivers fetch further rows of a result, once for many a {@code ResultSet.next}. */
    private static final List<String> FETCHERS =
            List.of("org.postgresql.core.v3.QueryExecutorImpl", "org.mariadb.jdbc.client.result.StreamingResult");

    /** Statements whose values are known, where somebody wants to know them. */
    private static final List<String> PREPARED =
            List.of("org.postgresql.jdbc.PgPreparedStatement", "org.h2.jdbc.JdbcPreparedStatement");

    /** Results whose rows are kept, where somebody keeps them. */
    private static final List<String> RESULTS = List.of("org.postgresql.jdbc.PgResultSet", "org.h2.jdbc.JdbcResultSet");

    @Override
    public String name() {
        return "jdbc";
    }

    @Override
    public String library() {
        return "JDBC (java.sql)";
    }

    @Override
    public boolean namesLibraryTypes() {
        return false;
    }

    @Override
    public List<JoinPoint> joinPoints() {
        List<String> notDrivers = new ArrayList<>(JDK);
        notDrivers.addAll(POOLS);
        notDrivers.addAll(WRAPPERS);
        Types poolBase = new Types.Named("com.zaxxer.hikari.pool.PoolBase");
        Method opening = Method.named("newConnection", HERE + "PoolOpenAdvice");

        return List.of(
                JoinPoint.of(
                        new Types.SubtypesOf(
                                "java.sql.Statement",
                                List.of("Statement"),
                                List.of("com.ibm.db2.jcc.", "org.sqlite.jdbc3."),
                                notDrivers),
                        Method.named("execute", HERE + "QueryAdvice"),
                        Method.named("executeQuery", HERE + "QueryAdvice"),
                        Method.named("executeUpdate", HERE + "ExecuteAdvice"),
                        Method.named("executeLargeUpdate", HERE + "ExecuteAdvice"),
                        Method.named("executeBatch", HERE + "ExecuteAdvice"),
                        Method.named("executeLargeBatch", HERE + "ExecuteAdvice"),
                        Method.exact("getResultSet", "()Ljava/sql/ResultSet;", HERE + "ResultsAdvice"),
                        Method.exact("getUpdateCount", "()I", HERE + "ResultsAdvice"),
                        Method.exact("getLargeUpdateCount", "()J", HERE + "ResultsAdvice"),
                        Method.exact("getMoreResults", "()Z", HERE + "ResultsAdvice"),
                        Method.exact("getMoreResults", "(I)Z", HERE + "ResultsAdvice"),
                        Method.exact("close", "()V", HERE + "CloseAdvice"),
                        Method.exact("cancel", "()V", HERE + "CancelAdvice")),
                JoinPoint.of(
                        new Types.SubtypesOf(
                                "java.sql.Connection", List.of("JdbcConnection"), DRIVER_CONNECTIONS, notDrivers),
                        Method.exact("isValid", "(I)Z", HERE + "ValidityAdvice"),
                        Method.exact("commit", "()V", HERE + "KeepOutAdvice"),
                        Method.exact("rollback", "()V", HERE + "KeepOutAdvice"),
                        Method.exact("rollback", "(Ljava/sql/Savepoint;)V", HERE + "KeepOutAdvice"),
                        Method.exact("close", "()V", HERE + "KeepOutAdvice"),
                        Method.named("prepareStatement", HERE + "PrepareAdvice"),
                        Method.exact("setSchema", "(Ljava/lang/String;)V", HERE + "SessionAdvice"),
                        Method.exact("setCatalog", "(Ljava/lang/String;)V", HERE + "SessionAdvice"),
                        Method.exact("setTypeMap", "(Ljava/util/Map;)V", HERE + "SessionAdvice"),
                        Method.named("setClientInfo", HERE + "SessionAdvice")),
                JoinPoint.of(
                        new Types.SubtypesOf("java.sql.PreparedStatement", List.of(), PREPARED, JDK),
                        setters().toArray(Method[]::new)),
                JoinPoint.of(
                        new Types.SubtypesOf("java.sql.ResultSet", List.of(), RESULTS, JDK),
                        Method.exact("next", "()Z", HERE + "NextAdvice")),
                // Left alone where they are not as expected, as all else does without them.
                JoinPoint.of(
                        new Types.SubtypesOf("java.lang.Object", List.of(), SOCKETS, JDK),
                        Method.named("getSocketFactory", HERE + "SocketFactoryAdvice"),
                        Method.named("createSocket", HERE + "SocketAdvice")),
                JoinPoint.of(
                        new Types.SubtypesOf("java.lang.Object", List.of(), FETCHERS, JDK),
                        Method.named("fetch", HERE + "FetchAdvice"),
                        Method.exact("addStreamingValue", "()V", HERE + "FetchAdvice")),
                // By parameters: MariaDB's returns a connection of its own type, and the bridge to it is not woven.
                JoinPoint.of(
                        new Types.SubtypesOf("java.sql.Driver", List.of("Driver"), List.of(), JDK),
                        Method.exact("connect", "(Ljava/lang/String;Ljava/util/Properties;)", HERE + "ConnectAdvice")),
                JoinPoint.of(
                        new Types.SubtypesOf("javax.sql.DataSource", List.of("DataSource"), List.of(), JDK),
                        Method.exact("getConnection", "()", HERE + "DataSourceAdvice"),
                        Method.exact(
                                "getConnection", "(Ljava/lang/String;Ljava/lang/String;)", HERE + "DataSourceAdvice")),
                JoinPoint.of(poolBase, opening, Method.named("isConnectionDead", HERE + "KeepOutAdvice"))
                        .orElse(JoinPoint.of(
                                poolBase, opening, Method.named("isConnectionAlive", HERE + "KeepOutAdvice"))),
                JoinPoint.of(
                        new Types.Named("com.zaxxer.hikari.pool.ProxyConnection"),
                        Method.exact("close", "()V", HERE + "PoolCloseAdvice")),
                JoinPoint.of(
                        new Types.Named("com.zaxxer.hikari.pool.HikariPool"),
                        Method.exact("getConnection", "(J)Ljava/sql/Connection;", HERE + "PoolWaitAdvice")));
    }

    private static List<Method> setters() {
        List<Method> setters = new ArrayList<>();
        setter(setters, "BindIntAdvice", "setByte(IB)", "setShort(IS)", "setInt(II)");
        setter(setters, "BindLongAdvice", "setLong(IJ)");
        setter(setters, "BindDoubleAdvice", "setDouble(ID)");
        setter(setters, "BindBooleanAdvice", "setBoolean(IZ)");
        setter(setters, "BindNullAdvice", "setNull(II)");
        setter(
                setters,
                "BindObjectAdvice",
                "setString(ILjava/lang/String;)",
                "setBigDecimal(ILjava/math/BigDecimal;)",
                "setBytes(I[B)",
                "setDate(ILjava/sql/Date;)",
                "setTime(ILjava/sql/Time;)",
                "setTimestamp(ILjava/sql/Timestamp;)",
                "setObject(ILjava/lang/Object;)");
        setter(
                setters,
                "BindTimeAdvice",
                "setDate(ILjava/sql/Date;Ljava/util/Calendar;)",
                "setTime(ILjava/sql/Time;Ljava/util/Calendar;)",
                "setTimestamp(ILjava/sql/Timestamp;Ljava/util/Calendar;)");
        setter(setters, "BindTypedAdvice", "setObject(ILjava/lang/Object;I)");
        setter(
                setters,
                "BindUnknownAdvice",
                "setFloat(IF)",
                "setNull(IILjava/lang/String;)",
                "setObject(ILjava/lang/Object;II)",
                "setObject(ILjava/lang/Object;Ljava/sql/SQLType;)",
                "setObject(ILjava/lang/Object;Ljava/sql/SQLType;I)",
                "setNString(ILjava/lang/String;)",
                "setAsciiStream(I",
                "setUnicodeStream(I",
                "setBinaryStream(I",
                "setCharacterStream(I",
                "setNCharacterStream(I",
                "setBlob(I",
                "setClob(I",
                "setNClob(I",
                "setArray(I",
                "setRef(I",
                "setURL(I",
                "setRowId(I",
                "setSQLXML(I");
        setter(setters, "ClearAdvice", "clearParameters()");
        return setters;
    }

    /** {@code methods} each as its name and the beginning of its descriptor. */
    private static void setter(List<Method> setters, String advice, String... methods) {
        for (String method : methods) {
            int parameters = method.indexOf('(');
            setters.add(Method.exact(method.substring(0, parameters), method.substring(parameters), HERE + advice));
        }
    }

    /** Whether a class of this name belongs to a connection pool. */
    static boolean isPool(String className) {
        return POOLS.stream().anyMatch(className::startsWith);
    }
}
