package dev.resilience.instrumentation.jdbc;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Types;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a column of a result.
 *
 * @param type of {@link Types}
 * @param className of what {@link java.sql.ResultSet#getObject(int)} gives
 */
record Column(
        String label,
        String name,
        int type,
        String typeName,
        String className,
        int precision,
        int scale,
        int displaySize,
        int nullable,
        boolean isSigned,
        boolean isAutoIncrement,
        boolean isCaseSensitive,
        boolean isSearchable,
        boolean isCurrency,
        String schema,
        String table,
        String catalog) {

    /** Null where nobody can say what it is. */
    static @Nullable Column of(ResultSet rows, ResultSetMetaData of, int i) throws SQLException {
        boolean isOfPostgres = PgTypes.isOf(rows);
        PgTypes.Type known = isOfPostgres ? PgTypes.of(rows, i) : null;
        if (isOfPostgres && known == null) {
            return null;
        }
        // what pgjdbc asks the server for, by a statement of its own, stays unknown
        return new Column(
                of.getColumnLabel(i),
                of.getColumnName(i),
                known == null ? of.getColumnType(i) : known.type(),
                known == null ? text(of.getColumnTypeName(i)) : known.name(),
                known == null ? text(of.getColumnClassName(i)) : known.className(),
                of.getPrecision(i),
                of.getScale(i),
                of.getColumnDisplaySize(i),
                known == null ? of.isNullable(i) : ResultSetMetaData.columnNullableUnknown,
                of.isSigned(i),
                known == null && of.isAutoIncrement(i),
                of.isCaseSensitive(i),
                of.isSearchable(i),
                known == null && of.isCurrency(i),
                known == null ? text(of.getSchemaName(i)) : "",
                known == null ? text(of.getTableName(i)) : "",
                known == null ? text(of.getCatalogName(i)) : "");
    }

    private static String text(@Nullable String given) {
        return given == null ? "" : given;
    }

    /** Whether its values can be kept, as far as its type tells; each is looked at as well. */
    boolean isKept() {
        return switch (type) {
            case Types.BIT,
                    Types.BOOLEAN,
                    Types.TINYINT,
                    Types.SMALLINT,
                    Types.INTEGER,
                    Types.BIGINT,
                    Types.REAL,
                    Types.FLOAT,
                    Types.DOUBLE,
                    Types.NUMERIC,
                    Types.DECIMAL,
                    Types.CHAR,
                    Types.VARCHAR,
                    Types.LONGVARCHAR,
                    Types.NCHAR,
                    Types.NVARCHAR,
                    Types.LONGNVARCHAR,
                    Types.BINARY,
                    Types.VARBINARY,
                    Types.LONGVARBINARY,
                    Types.DATE,
                    Types.TIME,
                    Types.TIME_WITH_TIMEZONE,
                    Types.TIMESTAMP,
                    Types.TIMESTAMP_WITH_TIMEZONE,
                    Types.NULL,
                    Types.OTHER -> true;
            default -> false;
        };
    }

    /** Whether its times are of a place: some drivers say so by the name of the type alone. */
    boolean isZoned() {
        return type == Types.TIME_WITH_TIMEZONE
                || type == Types.TIMESTAMP_WITH_TIMEZONE
                || typeName.equals("timestamptz")
                || typeName.equals("timetz");
    }

    /** Whether its values are objects of the driver that are no more than their text. */
    boolean isTextAlone() {
        return className.equals(Cell.PG_OBJECT);
    }

    void write(DataOutputStream out) throws IOException {
        out.writeUTF(label);
        out.writeUTF(name);
        out.writeInt(type);
        out.writeUTF(typeName);
        out.writeUTF(className);
        out.writeInt(precision);
        out.writeInt(scale);
        out.writeInt(displaySize);
        out.writeInt(nullable);
        out.writeBoolean(isSigned);
        out.writeBoolean(isAutoIncrement);
        out.writeBoolean(isCaseSensitive);
        out.writeBoolean(isSearchable);
        out.writeBoolean(isCurrency);
        out.writeUTF(schema);
        out.writeUTF(table);
        out.writeUTF(catalog);
    }

    static Column read(DataInputStream in) throws IOException {
        return new Column(
                in.readUTF(),
                in.readUTF(),
                in.readInt(),
                in.readUTF(),
                in.readUTF(),
                in.readInt(),
                in.readInt(),
                in.readInt(),
                in.readInt(),
                in.readBoolean(),
                in.readBoolean(),
                in.readBoolean(),
                in.readBoolean(),
                in.readBoolean(),
                in.readUTF(),
                in.readUTF(),
                in.readUTF());
    }
}
