package dev.resilience.instrumentation.grpc;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The types of protobuf that have a JSON form of their own. */
final class WellKnown {
    private static final String PACKAGE = "google.protobuf.";

    /** Fills a message of such a type; false for any other. */
    static boolean fill(Message.Builder builder, @Nullable Object json, String path) {
        String name = builder.getDescriptorForType().getFullName();
        if (!name.startsWith(PACKAGE)) {
            return false;
        }
        switch (name.substring(PACKAGE.length())) {
            case "Timestamp" -> timestamp(builder, JsonMessage.text(json, path), path);
            case "Duration" -> duration(builder, JsonMessage.text(json, path), path);
            case "FieldMask" -> fieldMask(builder, JsonMessage.text(json, path));
            case "DoubleValue",
                    "FloatValue",
                    "Int64Value",
                    "UInt64Value",
                    "Int32Value",
                    "UInt32Value",
                    "BoolValue",
                    "StringValue",
                    "BytesValue" -> set(builder, "value", json, path);
            case "Value" -> value(builder, json, path);
            case "Struct" ->
                set(builder, "fields", JsonMessage.object(json, builder.getDescriptorForType(), path), path);
            case "ListValue" -> set(builder, "values", json, path);
            case "Any" ->
                throw JsonMessage.bad(path, "google.protobuf.Any cannot be written as JSON: give body-base64");
            default -> {
                return false;
            }
        }
        return true;
    }

    /** Whether null is a value of this field, not the lack of one. */
    static boolean takesNull(FieldDescriptor field) {
        return !field.isRepeated()
                && field.getJavaType() == FieldDescriptor.JavaType.MESSAGE
                && field.getMessageType().getFullName().equals(PACKAGE + "Value");
    }

    private static void set(Message.Builder builder, String field, @Nullable Object json, String path) {
        JsonMessage.set(builder, builder.getDescriptorForType().findFieldByName(field), json, path);
    }

    private static void value(Message.Builder builder, @Nullable Object json, String path) {
        String field;
        if (json == null) {
            field = "null_value";
        } else if (json instanceof Boolean) {
            field = "bool_value";
        } else if (json instanceof Number) {
            field = "number_value";
        } else if (json instanceof String) {
            field = "string_value";
        } else if (json instanceof List) {
            field = "list_value";
        } else if (json instanceof Map) {
            field = "struct_value";
        } else {
            throw JsonMessage.bad(path, "is no JSON value: " + JsonMessage.describe(json));
        }
        set(builder, field, json, path);
    }

    private static void timestamp(Message.Builder builder, String text, String path) {
        try {
            Instant instant = OffsetDateTime.parse(text).toInstant();
            secondsAndNanos(builder, instant.getEpochSecond(), instant.getNano());
        } catch (DateTimeException e) {
            throw JsonMessage.bad(path, "needs a time such as \"2030-01-31T12:00:00Z\", is \"" + text + "\"");
        }
    }

    private static void duration(Message.Builder builder, String text, String path) {
        try {
            if (!text.endsWith("s")) {
                throw new NumberFormatException();
            }
            BigDecimal seconds = new BigDecimal(text.substring(0, text.length() - 1));
            BigDecimal whole = new BigDecimal(seconds.toBigInteger());
            secondsAndNanos(
                    builder,
                    whole.longValueExact(),
                    seconds.subtract(whole).movePointRight(9).intValueExact());
        } catch (ArithmeticException | NumberFormatException e) {
            throw JsonMessage.bad(path, "needs a duration such as \"1.5s\", is \"" + text + "\"");
        }
    }

    private static void secondsAndNanos(Message.Builder builder, long seconds, int nanos) {
        Descriptor type = builder.getDescriptorForType();
        builder.setField(type.findFieldByName("seconds"), seconds);
        builder.setField(type.findFieldByName("nanos"), nanos);
    }

    private static void fieldMask(Message.Builder builder, String text) {
        FieldDescriptor paths = builder.getDescriptorForType().findFieldByName("paths");
        for (String path : text.split(",", -1)) {
            if (!path.isEmpty()) {
                builder.addRepeatedField(paths, snakeCase(path));
            }
        }
    }

    private static String snakeCase(String camelCase) {
        return camelCase
                .chars()
                .mapToObj(c -> Character.isUpperCase(c) ? "_" + (char) Character.toLowerCase(c) : "" + (char) c)
                .collect(Collectors.joining());
    }

    private WellKnown() {}
}
