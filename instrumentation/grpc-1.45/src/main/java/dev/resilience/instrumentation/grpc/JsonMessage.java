package dev.resilience.instrumentation.grpc;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.OneofDescriptor;
import com.google.protobuf.Message;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A message made from protobuf's JSON form, by the application's own protobuf. The only class that links protobuf,
 * which an application need not have.
 */
final class JsonMessage {
    private static final BigInteger UNSIGNED_INT_MAX =
            BigInteger.ONE.shiftLeft(32).subtract(BigInteger.ONE);
    private static final BigInteger UNSIGNED_LONG_MAX =
            BigInteger.ONE.shiftLeft(64).subtract(BigInteger.ONE);

    static Message of(Object prototype, Object json) {
        if (!(prototype instanceof Message message)) {
            throw new IllegalArgumentException("a static answer in JSON needs protobuf's full runtime; "
                    + prototype.getClass().getName() + " is of the lite one, without descriptors: give body-base64");
        }
        return message(message.newBuilderForType(), json, "$");
    }

    private static Message message(Message.Builder builder, @Nullable Object json, String path) {
        if (!WellKnown.fill(builder, json, path)) {
            fields(builder, object(json, builder.getDescriptorForType(), path), path);
        }
        return builder.build();
    }

    private static void fields(Message.Builder builder, Map<?, ?> json, String path) {
        Descriptor type = builder.getDescriptorForType();
        Set<OneofDescriptor> chosen = new HashSet<>();
        for (Map.Entry<?, ?> member : json.entrySet()) {
            String name = String.valueOf(member.getKey());
            FieldDescriptor field = field(type, name, path);
            String below = path + "." + name;
            if (member.getValue() == null && !WellKnown.takesNull(field)) {
                continue;
            }
            OneofDescriptor oneof = field.getContainingOneof();
            if (oneof != null && !chosen.add(oneof)) {
                throw bad(path, "more than one field of oneof '" + oneof.getName() + "'");
            }
            set(builder, field, member.getValue(), below);
        }
    }

    static void set(Message.Builder builder, FieldDescriptor field, @Nullable Object json, String path) {
        if (field.isMapField()) {
            entries(builder, field, object(json, field.getContainingType(), path), path);
        } else if (field.isRepeated()) {
            elements(builder, field, json, path);
        } else {
            builder.setField(field, value(builder, field, json, path));
        }
    }

    private static void entries(Message.Builder builder, FieldDescriptor field, Map<?, ?> json, String path) {
        Descriptor entry = field.getMessageType();
        FieldDescriptor key = entry.findFieldByNumber(1);
        FieldDescriptor value = entry.findFieldByNumber(2);
        for (Map.Entry<?, ?> member : json.entrySet()) {
            String below = path + "['" + member.getKey() + "']";
            Message.Builder made = builder.newBuilderForField(field);
            made.setField(key, value(made, key, mapKey(key, String.valueOf(member.getKey())), below));
            made.setField(value, value(made, value, member.getValue(), below));
            builder.addRepeatedField(field, made.build());
        }
    }

    private static Object mapKey(FieldDescriptor key, String text) {
        return switch (text) {
            case "true", "false" ->
                key.getJavaType() == FieldDescriptor.JavaType.BOOLEAN ? Boolean.valueOf(text) : text;
            default -> text;
        };
    }

    private static void elements(Message.Builder builder, FieldDescriptor field, @Nullable Object json, String path) {
        if (!(json instanceof List<?> elements)) {
            throw bad(path, "needs an array, is " + describe(json));
        }
        int index = 0;
        for (Object element : elements) {
            builder.addRepeatedField(field, value(builder, field, element, path + "[" + index++ + "]"));
        }
    }

    private static Object value(Message.Builder owner, FieldDescriptor field, @Nullable Object json, String path) {
        return switch (field.getJavaType()) {
            case STRING -> text(json, path);
            case BOOLEAN -> {
                if (json instanceof Boolean flag) {
                    yield flag;
                }
                throw bad(path, "needs true or false, is " + describe(json));
            }
            case INT -> (int) integer(json, isUnsigned(field), 32, path);
            case LONG -> integer(json, isUnsigned(field), 64, path);
            case FLOAT -> (float) number(json, path);
            case DOUBLE -> number(json, path);
            case BYTE_STRING -> bytes(text(json, path), path);
            case ENUM -> constant(field, json, path);
            case MESSAGE -> message(owner.newBuilderForField(field), json, path);
        };
    }

    private static FieldDescriptor field(Descriptor type, String name, String path) {
        FieldDescriptor field = type.findFieldByName(name);
        if (field != null) {
            return field;
        }
        StringBuilder known = new StringBuilder();
        for (FieldDescriptor each : type.getFields()) {
            if (each.getJsonName().equals(name)) {
                return each;
            }
            known.append(known.length() == 0 ? "" : ", ").append(each.getJsonName());
        }
        throw bad(path, "unknown field '" + name + "': " + type.getFullName() + " has " + known);
    }

    static Map<?, ?> object(@Nullable Object json, Descriptor type, String path) {
        if (json instanceof Map<?, ?> members) {
            return members;
        }
        throw bad(path, "needs an object (" + type.getFullName() + "), is " + describe(json));
    }

    static String text(@Nullable Object json, String path) {
        if (json instanceof String text) {
            return text;
        }
        throw bad(path, "needs a string, is " + describe(json));
    }

    private static boolean isUnsigned(FieldDescriptor field) {
        return switch (field.getType()) {
            case UINT32, FIXED32, UINT64, FIXED64 -> true;
            default -> false;
        };
    }

    private static long integer(@Nullable Object json, boolean unsigned, int bits, String path) {
        BigInteger value;
        try {
            value = new BigDecimal(decimal(json, path)).toBigIntegerExact();
        } catch (ArithmeticException | NumberFormatException e) {
            throw bad(path, "needs a whole number, is " + describe(json));
        }
        boolean fits = unsigned
                ? value.signum() >= 0 && value.compareTo(bits == 32 ? UNSIGNED_INT_MAX : UNSIGNED_LONG_MAX) <= 0
                : value.bitLength() < bits;
        if (!fits) {
            throw bad(path, "is out of range: " + value);
        }
        return value.longValue();
    }

    private static double number(@Nullable Object json, String path) {
        String text = decimal(json, path);
        switch (text) {
            case "NaN":
                return Double.NaN;
            case "Infinity":
                return Double.POSITIVE_INFINITY;
            case "-Infinity":
                return Double.NEGATIVE_INFINITY;
            default:
                try {
                    return new BigDecimal(text).doubleValue();
                } catch (NumberFormatException e) {
                    throw bad(path, "needs a number, is " + describe(json));
                }
        }
    }

    /** A number, or a string that holds one: that is how 64 bits are written in JSON. */
    private static String decimal(@Nullable Object json, String path) {
        if (json instanceof Number || json instanceof String) {
            return json.toString();
        }
        throw bad(path, "needs a number, is " + describe(json));
    }

    private static ByteString bytes(String text, String path) {
        try {
            return ByteString.copyFrom(
                    Base64.getDecoder().decode(text.replace('-', '+').replace('_', '/')));
        } catch (IllegalArgumentException e) {
            throw bad(path, "needs base64: " + e.getMessage());
        }
    }

    private static EnumValueDescriptor constant(FieldDescriptor field, @Nullable Object json, String path) {
        EnumValueDescriptor constant = null;
        if (json instanceof String name) {
            constant = field.getEnumType().findValueByName(name);
        } else if (json instanceof Number) {
            constant = field.getEnumType().findValueByNumber((int) integer(json, false, 32, path));
        } else if (json == null) {
            constant = field.getEnumType().findValueByNumber(0); // google.protobuf.NullValue
        }
        if (constant == null) {
            throw bad(
                    path,
                    describe(json) + " is no value of " + field.getEnumType().getFullName());
        }
        return constant;
    }

    static IllegalArgumentException bad(String path, String problem) {
        return new IllegalArgumentException("static answer at " + path + ": " + problem);
    }

    static String describe(@Nullable Object json) {
        if (json == null) {
            return "null";
        }
        if (json instanceof Map) {
            return "an object";
        }
        if (json instanceof List) {
            return "an array";
        }
        return json instanceof String ? "\"" + json + "\"" : json.toString();
    }

    private JsonMessage() {}
}
