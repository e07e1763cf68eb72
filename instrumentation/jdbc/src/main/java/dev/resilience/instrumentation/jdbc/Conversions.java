package dev.resilience.instrumentation.jdbc;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.sql.Date;
import java.sql.SQLDataException;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.sql.Statement;
import java.sql.Time;
import java.sql.Timestamp;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.OffsetTime;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.temporal.Temporal;
import java.util.Calendar;
import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The conversions that JDBC wants of getters, of values that were kept. */
final class Conversions {
    private static final String OUT_OF_RANGE = "22003";
    private static final String NO_SUCH = "22018";

    static boolean toBoolean(Cell cell) throws SQLException {
        if (cell.value() instanceof Boolean is) {
            return is;
        }
        if (cell.value() instanceof Number number) {
            return number.doubleValue() != 0;
        }
        return switch (cell.text().strip().toLowerCase(Locale.ROOT)) {
            case "t", "true", "y", "yes", "on", "1" -> true;
            case "f", "false", "n", "no", "off", "0" -> false;
            default -> throw cannot(cell, "boolean");
        };
    }

    /** Fractions are rounded, or cut off. */
    static long toWhole(Cell cell, boolean rounds, long least, long most) throws SQLException {
        if (cell.value() instanceof Long || cell.value() instanceof Integer || cell.value() instanceof Short) {
            long whole = ((Number) cell.value()).longValue();
            if (whole >= least && whole <= most) {
                return whole;
            }
        }
        BigInteger whole = toDecimal(cell, null)
                .setScale(0, rounds ? RoundingMode.HALF_UP : RoundingMode.DOWN)
                .toBigInteger();
        if (whole.compareTo(BigInteger.valueOf(least)) < 0 || whole.compareTo(BigInteger.valueOf(most)) > 0) {
            throw new SQLDataException("out of range: " + least + " to " + most, OUT_OF_RANGE);
        }
        return whole.longValue();
    }

    static double toDouble(Cell cell) throws SQLException {
        if (cell.value() instanceof Number number) {
            return number.doubleValue();
        }
        if (cell.value() instanceof Boolean is) {
            return is ? 1 : 0;
        }
        try {
            return Double.parseDouble(cell.text().strip());
        } catch (NumberFormatException none) {
            throw cannot(cell, "double");
        }
    }

    /** @param scale to round to, or null */
    static BigDecimal toDecimal(Cell cell, @Nullable Object scale) throws SQLException {
        try {
            BigDecimal decimal;
            if (cell.value() instanceof BigDecimal own) {
                decimal = own;
            } else if (cell.value() instanceof Boolean is) {
                decimal = is ? BigDecimal.ONE : BigDecimal.ZERO;
            } else if (cell.value() instanceof Number number) {
                decimal = new BigDecimal(number.toString());
            } else {
                decimal = new BigDecimal(cell.text().strip());
            }
            return scale instanceof Integer places ? decimal.setScale(places, RoundingMode.HALF_UP) : decimal;
        } catch (NumberFormatException none) {
            throw cannot(cell, "number");
        }
    }

    /** Of what is no text either each driver makes bytes of its own. */
    static byte[] toBytes(Cell cell) throws SQLException {
        if (cell.value() instanceof byte[] bytes) {
            return bytes.clone();
        }
        if (cell.value() instanceof String text) {
            return text.getBytes(StandardCharsets.UTF_8);
        }
        throw new SQLFeatureNotSupportedException(
                "bytes of what is neither bytes nor text: not of rows that were kept", "0A000");
    }

    static Date toDate(Cell cell, @Nullable Calendar calendar) throws SQLException {
        LocalDate date = local(cell, calendar).toLocalDate();
        return calendar == null
                ? Date.valueOf(date)
                : new Date(date.atStartOfDay(zone(calendar)).toInstant().toEpochMilli());
    }

    static Time toTime(Cell cell, @Nullable Calendar calendar) throws SQLException {
        LocalTime time = local(cell, calendar).toLocalTime();
        LocalDateTime at = LocalDate.EPOCH.atTime(time);
        return new Time(at.atZone(zone(calendar)).toInstant().toEpochMilli());
    }

    static Timestamp toTimestamp(Cell cell, @Nullable Calendar calendar) throws SQLException {
        if (cell.value() instanceof OffsetDateTime at) {
            return Timestamp.from(at.toInstant());
        }
        LocalDateTime at = local(cell, calendar);
        return calendar == null
                ? Timestamp.valueOf(at)
                : Timestamp.from(at.atZone(zone(calendar)).toInstant());
    }

    private static ZoneId zone(@Nullable Calendar calendar) {
        return calendar == null
                ? ZoneId.systemDefault()
                : calendar.getTimeZone().toZoneId();
    }

    private static LocalDateTime local(Cell cell, @Nullable Calendar calendar) throws SQLException {
        Object value = cell.value();
        if (value instanceof LocalDateTime at) {
            return at;
        } else if (value instanceof LocalDate date) {
            return date.atStartOfDay();
        } else if (value instanceof LocalTime time) {
            return LocalDate.EPOCH.atTime(time);
        } else if (value instanceof OffsetDateTime at) {
            return at.atZoneSameInstant(zone(calendar)).toLocalDateTime();
        } else if (value instanceof OffsetTime time) {
            return time.atDate(LocalDate.EPOCH)
                    .atZoneSameInstant(zone(calendar))
                    .toLocalDateTime();
        }
        String text = cell.text().strip();
        try {
            if (text.indexOf(':') < 0) {
                return LocalDate.parse(text).atStartOfDay();
            }
            return text.indexOf('-') < 0
                    ? LocalDate.EPOCH.atTime(LocalTime.parse(text))
                    : LocalDateTime.parse(text.replace(' ', 'T'));
        } catch (DateTimeException none) {
            throw cannot(cell, "time");
        }
    }

    /** The value as one of the types of the JDK that JDBC names; null if it is none of them. */
    static @Nullable Object to(Class<?> type, Cell cell, boolean rounds) throws SQLException {
        if (type == String.class) {
            return cell.text();
        } else if (type == Integer.class) {
            return (int) toWhole(cell, rounds, Integer.MIN_VALUE, Integer.MAX_VALUE);
        } else if (type == Long.class) {
            return toWhole(cell, rounds, Long.MIN_VALUE, Long.MAX_VALUE);
        } else if (type == Short.class) {
            return (short) toWhole(cell, rounds, Short.MIN_VALUE, Short.MAX_VALUE);
        } else if (type == Byte.class) {
            return (byte) toWhole(cell, rounds, Byte.MIN_VALUE, Byte.MAX_VALUE);
        } else if (type == Boolean.class) {
            return toBoolean(cell);
        } else if (type == Double.class) {
            return toDouble(cell);
        } else if (type == Float.class) {
            return (float) toDouble(cell);
        } else if (type == BigDecimal.class) {
            return toDecimal(cell, null);
        } else if (type == BigInteger.class) {
            return toDecimal(cell, null).toBigInteger();
        } else if (type == byte[].class) {
            return toBytes(cell);
        } else if (type == UUID.class && cell.value() instanceof UUID) {
            return cell.value();
        }
        return toMoment(type, cell);
    }

    private static @Nullable Object toMoment(Class<?> type, Cell cell) throws SQLException {
        if (type == Date.class) {
            return toDate(cell, null);
        } else if (type == Time.class) {
            return toTime(cell, null);
        } else if (type == Timestamp.class || type == java.util.Date.class) {
            return toTimestamp(cell, null);
        } else if (type == LocalDate.class) {
            return local(cell, null).toLocalDate();
        } else if (type == LocalTime.class) {
            return local(cell, null).toLocalTime();
        } else if (type == LocalDateTime.class) {
            return local(cell, null);
        } else if (type == OffsetDateTime.class && !(cell.value() instanceof OffsetTime)) {
            return cell.value() instanceof OffsetDateTime at
                    ? at
                    : local(cell, null).atZone(ZoneId.systemDefault()).toOffsetDateTime();
        } else if (type == OffsetTime.class && cell.value() instanceof OffsetTime) {
            return cell.value();
        } else if (type == Instant.class) {
            return toTimestamp(cell, null).toInstant();
        }
        return type == ZonedDateTime.class && cell.value() instanceof OffsetDateTime at ? at.toZonedDateTime() : null;
    }

    /** The value as its driver gave it. */
    static Object toObject(Column column, Cell cell, Statement statement) throws SQLException {
        Object value = cell.value();
        if (value == null) {
            return ofDriver(column, cell, statement);
        }
        if (value instanceof Temporal) {
            return switch (column.className()) {
                case "java.sql.Timestamp" -> toTimestamp(cell, null);
                case "java.sql.Date" -> toDate(cell, null);
                case "java.sql.Time" -> toTime(cell, null);
                default -> value;
            };
        }
        return value instanceof byte[] bytes ? bytes.clone() : value;
    }

    /** pgjdbc's own object for what is no more than a text, of the driver that made the statement. */
    private static Object ofDriver(Column column, Cell cell, Statement statement) throws SQLException {
        try {
            Class<?> type =
                    Class.forName(Cell.PG_OBJECT, true, statement.getClass().getClassLoader());
            MethodHandles.Lookup lookup = MethodHandles.publicLookup();
            MethodType setter = MethodType.methodType(void.class, String.class);
            Object object = lookup.findConstructor(type, MethodType.methodType(void.class))
                    .invoke();
            MethodHandle setType = lookup.findVirtual(type, "setType", setter);
            MethodHandle setValue = lookup.findVirtual(type, "setValue", setter);
            setType.invoke(object, column.typeName());
            setValue.invoke(object, cell.text());
            return object;
        } catch (Throwable other) {
            throw new SQLFeatureNotSupportedException(
                    "getObject of " + column.typeName() + ": not of rows that were kept", "0A000", other);
        }
    }

    private static SQLException cannot(Cell cell, String type) {
        Object value = cell.value();
        return new SQLDataException(
                "no " + type + ": a "
                        + (value == null ? "text" : value.getClass().getSimpleName()),
                NO_SUCH);
    }

    private Conversions() {}
}
