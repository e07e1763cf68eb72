package dev.resilience.instrumentation.jdbc;

import java.io.DataOutputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.sql.Date;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Time;
import java.sql.Timestamp;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.OffsetTime;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A prepared statement: its text, and what is bound to it. Used by one thread at a time, as the statement is. */
final class Prepared {
    private static final int NO_TYPE = Integer.MIN_VALUE;

    /** Values that never change. */
    private static final Set<Class<?>> VALUES = Set.of(
            Boolean.class,
            Byte.class,
            Short.class,
            Integer.class,
            Long.class,
            Double.class,
            Float.class,
            BigDecimal.class,
            BigInteger.class,
            UUID.class,
            LocalDate.class,
            LocalTime.class,
            LocalDateTime.class,
            OffsetTime.class,
            OffsetDateTime.class,
            Instant.class);

    /** What is bound to one place; {@code type} is of {@link java.sql.Types}, where the application gave one. */
    private record Bound(boolean isKnown, @Nullable Object value, int type) {}

    private static final Bound UNKNOWN = new Bound(false, null, NO_TYPE);

    /** Beyond that nobody looks at what is bound. */
    private static final int LONGEST = 64 * 1024;

    private final String sql;
    private final boolean reads;
    private final Map<Integer, Bound> bound;

    /** @param reads whether it is sure that it only reads: else nobody wants to know what is bound to it */
    Prepared(String sql, boolean reads) {
        this(sql, reads, new TreeMap<>());
    }

    private Prepared(String sql, boolean reads, Map<Integer, Bound> bound) {
        this.sql = sql;
        this.reads = reads;
        this.bound = bound;
    }

    String sql() {
        return sql;
    }

    void bind(int index, @Nullable Object value) {
        bind(index, value, NO_TYPE);
    }

    void bind(int index, @Nullable Object value, int type) {
        Object own = value == null || !reads ? null : own(value);
        put(index, own == null ? UNKNOWN : new Bound(true, own, type));
    }

    void bindNull(int index, int type) {
        put(index, new Bound(true, null, type));
    }

    private void put(int index, Bound place) {
        if (reads) {
            bound.put(index, place);
        }
    }

    /** A stream, an object of the driver, or whatever else cannot be looked at without changing it. */
    void bindUnknown(int index) {
        put(index, UNKNOWN);
    }

    void clear() {
        bound.clear();
    }

    boolean isKnown() {
        return bound.values().stream().allMatch(Bound::isKnown);
    }

    /** As it is now. */
    Prepared copy() {
        return new Prepared(sql, reads, new TreeMap<>(bound));
    }

    /** One that nobody else can change; null if there is none. */
    @SuppressWarnings("JavaUtilDate") // the types of JDBC
    private static @Nullable Object own(Object value) {
        if (value instanceof String text) {
            return text.length() > LONGEST ? null : text;
        }
        if (VALUES.contains(value.getClass())) {
            return value;
        }
        if (value instanceof byte[] bytes) {
            return bytes.length > LONGEST ? null : bytes.clone();
        }
        if (value.getClass() == Timestamp.class) {
            return ((Timestamp) value).clone();
        }
        return value.getClass() == Date.class || value.getClass() == Time.class
                ? ((java.util.Date) value).clone()
                : null;
    }

    /** Binds the same to a statement of the same text; only where all of it is known. */
    void bindTo(PreparedStatement statement) throws SQLException {
        for (Map.Entry<Integer, Bound> place : bound.entrySet()) {
            Bound given = place.getValue();
            if (given.value == null) {
                statement.setNull(place.getKey(), given.type);
            } else if (given.type == NO_TYPE) {
                statement.setObject(place.getKey(), given.value);
            } else {
                statement.setObject(place.getKey(), given.value, given.type);
            }
        }
    }

    /** Equal for two that ask for the same; never 0. */
    long hash() {
        long hash = sql.hashCode();
        for (Map.Entry<Integer, Bound> place : bound.entrySet()) {
            Object value = place.getValue().value;
            int of = value instanceof byte[] bytes ? Arrays.hashCode(bytes) : Objects.hashCode(value);
            hash = hash * 0x9E3779B97F4A7C15L + 31L * place.getKey() + of;
        }
        return hash == 0 ? 1 : hash;
    }

    /** Writes what was bound, so that no two write the same. */
    void write(DataOutputStream out) throws IOException {
        out.writeInt(bound.size());
        for (Map.Entry<Integer, Bound> place : bound.entrySet()) {
            Bound given = place.getValue();
            out.writeInt(place.getKey());
            out.writeInt(given.type);
            Object value = given.value;
            out.writeUTF(value == null ? "" : value.getClass().getName());
            if (value != null) {
                byte[] bytes = value instanceof byte[] own ? own : text(value).getBytes(StandardCharsets.UTF_8);
                out.writeInt(bytes.length);
                out.write(bytes);
            }
        }
    }

    @SuppressWarnings("JavaUtilDate") // the types of JDBC
    private static String text(Object value) {
        if (value instanceof Timestamp time) {
            return time.getTime() + "." + time.getNanos();
        }
        return value instanceof java.util.Date date ? Long.toString(date.getTime()) : value.toString();
    }
}
