package dev.resilience.instrumentation.jdbc;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.sql.ResultSet;
import java.sql.Types;
import java.sql.Wrapper;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The types of PostgreSQL that are known by their numbers: asked for a name, pgjdbc may ask the server. */
final class PgTypes {
    /**
     * One of them, as pgjdbc tells of it.
     *
     * @param type of {@link Types}
     */
    record Type(String name, int type, String className) {}

    private static final String TEXT = "java.lang.String";

    private static final Map<Integer, Type> BY_OID = Map.ofEntries(
            Map.entry(16, new Type("bool", Types.BIT, "java.lang.Boolean")),
            Map.entry(17, new Type("bytea", Types.BINARY, "[B")),
            Map.entry(19, new Type("name", Types.VARCHAR, TEXT)),
            Map.entry(20, new Type("int8", Types.BIGINT, "java.lang.Long")),
            Map.entry(21, new Type("int2", Types.SMALLINT, "java.lang.Integer")),
            Map.entry(23, new Type("int4", Types.INTEGER, "java.lang.Integer")),
            Map.entry(25, new Type("text", Types.VARCHAR, TEXT)),
            Map.entry(26, new Type("oid", Types.BIGINT, "java.lang.Long")),
            Map.entry(114, new Type("json", Types.OTHER, Cell.PG_OBJECT)),
            Map.entry(700, new Type("float4", Types.REAL, "java.lang.Float")),
            Map.entry(701, new Type("float8", Types.DOUBLE, "java.lang.Double")),
            Map.entry(1042, new Type("bpchar", Types.CHAR, TEXT)),
            Map.entry(1043, new Type("varchar", Types.VARCHAR, TEXT)),
            Map.entry(1082, new Type("date", Types.DATE, "java.sql.Date")),
            Map.entry(1083, new Type("time", Types.TIME, "java.sql.Time")),
            Map.entry(1114, new Type("timestamp", Types.TIMESTAMP, "java.sql.Timestamp")),
            Map.entry(1184, new Type("timestamptz", Types.TIMESTAMP, "java.sql.Timestamp")),
            Map.entry(1266, new Type("timetz", Types.TIME, "java.sql.Time")),
            Map.entry(1700, new Type("numeric", Types.NUMERIC, "java.math.BigDecimal")),
            Map.entry(2950, new Type("uuid", Types.OTHER, "java.util.UUID")),
            Map.entry(3802, new Type("jsonb", Types.OTHER, Cell.PG_OBJECT)));

    private static final ClassValue<Oids> OIDS = new ClassValue<>() {
        @Override
        protected Oids computeValue(Class<?> type) {
            try {
                return new Oids(MethodHandles.publicLookup()
                        .findVirtual(type, "getColumnOID", MethodType.methodType(int.class, int.class)));
            } catch (ReflectiveOperationException other) {
                return new Oids(null);
            }
        }
    };

    private record Oids(@Nullable MethodHandle of) {}

    static boolean isOf(Wrapper theirs) {
        return theirs.getClass().getName().startsWith("org.postgresql.");
    }

    /** Null for a type that is not known. */
    static @Nullable Type of(ResultSet rows, int column) {
        MethodHandle oid = OIDS.get(rows.getClass()).of();
        try {
            return oid == null ? null : BY_OID.get((int) oid.invoke(rows, column));
        } catch (Throwable unknown) {
            return null;
        }
    }

    private PgTypes() {}
}
