package dev.resilience.instrumentation.jdbc;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.sql.Date;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.sql.Types;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.OffsetTime;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One value of a result that is not null: as a type of the JDK that never changes (or an array only to be read), and as
 * the text the driver makes of it.
 *
 * @param value null where there is only the text, of an object of the driver
 */
record Cell(@Nullable Object value, String text) {
    private static final int TEXT_ALONE = 0;
    private static final int BOOLEAN = 1;
    private static final int BYTE = 2;
    private static final int SHORT = 3;
    private static final int INT = 4;
    private static final int LONG = 5;
    private static final int FLOAT = 6;
    private static final int DOUBLE = 7;
    private static final int DECIMAL = 8;
    private static final int INTEGER = 9;
    private static final int STRING = 10;
    private static final int BYTES = 11;
    private static final int DATE = 12;
    private static final int TIME = 13;
    private static final int DATE_TIME = 14;
    private static final int OFFSET_TIME = 15;
    private static final int OFFSET_DATE_TIME = 16;
    private static final int UUIDS = 17;
    private static final int NULL = 18;

    /** The text is to be had from the value. */
    private static final int SAME = 0x40;

    /** An object of pgjdbc that is no more than its text, and the name of the column's type. */
    static final String PG_OBJECT = "org.postgresql.util.PGobject";

    /** What cannot be kept. */
    static final class Unknown extends SQLException {
        private static final long serialVersionUID = 1;
    }

    /** The value in this row; null for NULL. Throws where it is none that can be kept, or longer than {@code most}. */
    static @Nullable Cell of(ResultSet rows, int i, Column column, int most) throws SQLException {
        if (column.isTextAlone()) {
            String text = rows.getString(i);
            return text == null ? null : new Cell(null, text(text, most));
        }
        Object value = switch (column.type()) {
            case Types.DATE -> date(rows, i);
            case Types.TIME, Types.TIME_WITH_TIMEZONE ->
                rows.getObject(i, (Class<?>) (column.isZoned() ? OffsetTime.class : LocalTime.class));
            case Types.TIMESTAMP, Types.TIMESTAMP_WITH_TIMEZONE -> moment(rows, i, column);
            default -> rows.getObject(i);
        };
        if (value == null) {
            return null;
        }
        if (kind(value) < 0 || (value instanceof byte[] bytes && bytes.length > most)) {
            throw new Unknown();
        }
        String text = text(rows.getString(i), most);
        if (value instanceof LocalTime && text.startsWith("24")) {
            throw new Unknown(); // no time of day to Java
        }
        return new Cell(value instanceof byte[] bytes ? bytes.clone() : value, text);
    }

    private static String text(@Nullable String text, int most) throws Unknown {
        if (text == null || text.length() > most) {
            throw new Unknown();
        }
        return text;
    }

    private static @Nullable LocalDate date(ResultSet rows, int i) throws SQLException {
        LocalDate date = rows.getObject(i, LocalDate.class);
        if (date != null && !Date.valueOf(date).equals(rows.getDate(i))) {
            throw new Unknown(); // infinity
        }
        return date;
    }

    /** As the driver's own Timestamp says too: where the two differ, nobody knows what it is. */
    private static @Nullable Object moment(ResultSet rows, int i, Column column) throws SQLException {
        Object moment;
        Timestamp same;
        if (column.isZoned()) {
            OffsetDateTime at = rows.getObject(i, OffsetDateTime.class);
            moment = at;
            same = at == null ? null : Timestamp.from(at.toInstant());
        } else {
            LocalDateTime at = rows.getObject(i, LocalDateTime.class);
            moment = at;
            same = at == null ? null : Timestamp.valueOf(at);
        }
        if (same != null && !same.equals(rows.getTimestamp(i))) {
            throw new Unknown();
        }
        return moment;
    }

    private static int kind(@Nullable Object value) {
        if (value == null) {
            return TEXT_ALONE;
        }
        Class<?> type = value.getClass();
        if (type == String.class) {
            return STRING;
        } else if (type == Integer.class) {
            return INT;
        } else if (type == Long.class) {
            return LONG;
        } else if (type == BigDecimal.class) {
            return DECIMAL;
        } else if (type == Boolean.class) {
            return BOOLEAN;
        } else if (type == Double.class) {
            return DOUBLE;
        } else if (type == LocalDateTime.class) {
            return DATE_TIME;
        } else if (type == OffsetDateTime.class) {
            return OFFSET_DATE_TIME;
        } else if (type == LocalDate.class) {
            return DATE;
        } else if (type == UUID.class) {
            return UUIDS;
        } else if (type == byte[].class) {
            return BYTES;
        } else if (type == Float.class) {
            return FLOAT;
        } else if (type == Short.class) {
            return SHORT;
        } else if (type == Byte.class) {
            return BYTE;
        } else if (type == BigInteger.class) {
            return INTEGER;
        } else if (type == LocalTime.class) {
            return TIME;
        }
        return type == OffsetTime.class ? OFFSET_TIME : -1;
    }

    static void write(@Nullable Cell cell, DataOutputStream out) throws IOException {
        if (cell == null) {
            out.writeByte(NULL);
            return;
        }
        Object value = cell.value;
        boolean isSame = value != null && !(value instanceof byte[]) && cell.text.equals(value.toString());
        out.writeByte(kind(value) | (isSame ? SAME : 0));
        if (value instanceof byte[] bytes) {
            out.writeInt(bytes.length);
            out.write(bytes);
        } else if (value instanceof Integer number) {
            out.writeInt(number);
        } else if (value instanceof Long number) {
            out.writeLong(number);
        } else if (value instanceof Double number) {
            out.writeDouble(number);
        } else if (value instanceof Float number) {
            out.writeFloat(number);
        } else if (value instanceof Boolean is) {
            out.writeBoolean(is);
        } else if (value instanceof Short || value instanceof Byte) {
            out.writeShort(((Number) value).shortValue());
        } else if (value != null) {
            writeText(value.toString(), out);
        }
        if (!isSame) {
            writeText(cell.text, out);
        }
    }

    static @Nullable Cell read(DataInputStream in) throws IOException {
        int kind = in.readByte();
        boolean isSame = (kind & SAME) != 0;
        Object value = switch (kind & ~SAME) {
            case TEXT_ALONE, NULL -> null;
            case BOOLEAN -> in.readBoolean();
            case BYTE -> (byte) in.readShort();
            case SHORT -> in.readShort();
            case INT -> in.readInt();
            case LONG -> in.readLong();
            case FLOAT -> in.readFloat();
            case DOUBLE -> in.readDouble();
            case DECIMAL -> new BigDecimal(readText(in));
            case INTEGER -> new BigInteger(readText(in));
            case STRING -> readText(in);
            case BYTES -> in.readNBytes(in.readInt());
            case DATE -> LocalDate.parse(readText(in));
            case TIME -> LocalTime.parse(readText(in));
            case DATE_TIME -> LocalDateTime.parse(readText(in));
            case OFFSET_TIME -> OffsetTime.parse(readText(in));
            case OFFSET_DATE_TIME -> OffsetDateTime.parse(readText(in));
            case UUIDS -> UUID.fromString(readText(in));
            default -> throw new IOException("unknown kind " + kind);
        };
        if (kind == NULL) {
            return null;
        }
        return new Cell(value, isSame ? String.valueOf(value) : readText(in));
    }

    private static void writeText(String text, DataOutputStream out) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    private static String readText(DataInputStream in) throws IOException {
        return new String(in.readNBytes(in.readInt()), StandardCharsets.UTF_8);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Cell that && text.equals(that.text) && Objects.deepEquals(value, that.value);
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }
}
