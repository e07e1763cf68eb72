package dev.resilience.instrumentation.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.api.HttpBody;
import com.google.api.HttpRule;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.ToNumberPolicy;
import com.google.protobuf.BoolValue;
import com.google.protobuf.ByteString;
import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldOptions;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Duration;
import com.google.protobuf.FieldMask;
import com.google.protobuf.FloatValue;
import com.google.protobuf.Int64Value;
import com.google.protobuf.Message;
import com.google.protobuf.Struct;
import com.google.protobuf.Timestamp;
import com.google.protobuf.UInt32Value;
import com.google.protobuf.UInt64Value;
import com.google.protobuf.Value;
import com.google.protobuf.util.JsonFormat;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.QuotaFailure;
import com.google.rpc.RetryInfo;
import com.google.type.Color;
import com.google.type.LatLng;
import com.google.type.Money;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class JsonMessageTest {
    private static final Gson GSON = new GsonBuilder()
            .setObjectToNumberStrategy(ToNumberPolicy.LONG_OR_DOUBLE)
            .create();

    private static Object parsed(String json) {
        return GSON.fromJson(json, Object.class);
    }

    private static Message read(Message prototype, String json) {
        return JsonMessage.of(prototype, parsed(json));
    }

    private static Message oracle(Message prototype, String json) throws Exception {
        Message.Builder builder = prototype.newBuilderForType();
        JsonFormat.parser().merge(json, builder);
        return builder.build();
    }

    static Stream<Arguments> messages() {
        return Stream.of(
                Arguments.of(Money.getDefaultInstance(), "{'currencyCode': 'EUR', 'units': '12', 'nanos': 500000000}"),
                Arguments.of(Money.getDefaultInstance(), "{'currency_code': 'EUR', 'units': -9223372036854775808}"),
                Arguments.of(Money.getDefaultInstance(), "{'units': 1e3, 'nanos': '7', 'currencyCode': null}"),
                Arguments.of(LatLng.getDefaultInstance(), "{'latitude': 'NaN', 'longitude': '-Infinity'}"),
                Arguments.of(LatLng.getDefaultInstance(), "{'latitude': 1, 'longitude': -7.25e1}"),
                Arguments.of(Color.getDefaultInstance(), "{'red': 0.5, 'alpha': 0.25}"),
                Arguments.of(ErrorInfo.getDefaultInstance(), "{'reason': 'R', 'metadata': {'a': 'b', 'true': 'c'}}"),
                Arguments.of(
                        BadRequest.getDefaultInstance(),
                        "{'fieldViolations': [{'field': 'f', 'description': 'd'}, {'field': 'g'}, {}]}"),
                Arguments.of(HttpBody.getDefaultInstance(), "{'data': '/+8=', 'contentType': 'x', 'extensions': []}"),
                Arguments.of(HttpBody.getDefaultInstance(), "{'data': '_-8'}"),
                Arguments.of(
                        HttpRule.getDefaultInstance(),
                        "{'selector': 's', 'get': '/x', 'additionalBindings': [{'custom': {'kind': 'k'}}]}"),
                Arguments.of(FieldDescriptorProto.getDefaultInstance(), "{'type': 'TYPE_INT64', 'label': 3}"),
                Arguments.of(RetryInfo.getDefaultInstance(), "{'retryDelay': '1.500s'}"),
                Arguments.of(Duration.getDefaultInstance(), "'-3.000000001s'"),
                Arguments.of(Timestamp.getDefaultInstance(), "'2030-01-31T12:00:00.25+02:00'"),
                Arguments.of(Timestamp.getDefaultInstance(), "'1960-01-31T12:00:00.25Z'"),
                Arguments.of(FieldMask.getDefaultInstance(), "'userName,address.zipCode'"),
                Arguments.of(Int64Value.getDefaultInstance(), "'77'"),
                Arguments.of(UInt64Value.getDefaultInstance(), "'18446744073709551615'"),
                Arguments.of(UInt32Value.getDefaultInstance(), "4294967295"),
                Arguments.of(BoolValue.getDefaultInstance(), "true"),
                Arguments.of(FloatValue.getDefaultInstance(), "1.1"),
                Arguments.of(Value.getDefaultInstance(), "null"),
                Arguments.of(Value.getDefaultInstance(), "[1, 'a', null, {'b': [true, {}]}]"),
                Arguments.of(Struct.getDefaultInstance(), "{'n': null, 's': 'x', 'o': {'l': [1.5, false]}, 'e': {}}"));
    }

    @ParameterizedTest
    @MethodSource("messages")
    void readsWhatProtobufItselfReads(Message prototype, String json) throws Exception {
        assertThat(read(prototype, json)).isEqualTo(oracle(prototype, json));
    }

    static LongStream seeds() {
        return LongStream.rangeClosed(1, 50);
    }

    /** A random message written by protobuf and read here; a failure names the seed that replays it. */
    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void readsBackRandomMessages(long seed) throws Exception {
        Random random = new Random(seed);
        List<Message> prototypes = List.of(
                DescriptorProto.getDefaultInstance(),
                FieldOptions.getDefaultInstance(),
                HttpRule.getDefaultInstance(),
                QuotaFailure.getDefaultInstance(),
                ErrorInfo.getDefaultInstance(),
                Money.getDefaultInstance(),
                Color.getDefaultInstance());
        for (Message prototype : prototypes) {
            Message message = random(prototype.newBuilderForType(), random, 0);
            String json = JsonFormat.printer().print(message);

            assertThat(read(prototype, json)).as(json).isEqualTo(message);
        }
    }

    private static Message random(Message.Builder builder, Random random, int depth) {
        for (FieldDescriptor field : builder.getDescriptorForType().getFields()) {
            boolean message = field.getJavaType() == FieldDescriptor.JavaType.MESSAGE;
            if (!field.isRequired() && (random.nextBoolean() || (message && depth > 2))) {
                continue;
            }
            for (int i = field.isRepeated() ? random.nextInt(4) : 1; i > 0; i--) {
                Object value =
                        message ? random(builder.newBuilderForField(field), random, depth + 1) : scalar(field, random);
                if (!field.isRepeated()) {
                    builder.setField(field, value);
                } else if (!field.isMapField() || builder.getRepeatedFieldCount(field) == 0) {
                    builder.addRepeatedField(field, value);
                }
            }
        }
        return builder.buildPartial();
    }

    private static Object scalar(FieldDescriptor field, Random random) {
        return switch (field.getJavaType()) {
            case INT -> random.nextInt();
            case LONG -> random.nextLong();
            case FLOAT -> random.nextFloat();
            case DOUBLE -> random.nextDouble();
            case BOOLEAN -> random.nextBoolean();
            case STRING -> "text-" + random.nextInt(9);
            case BYTE_STRING -> ByteString.copyFromUtf8("bytes" + random.nextInt(9));
            case ENUM -> {
                List<EnumValueDescriptor> values = field.getEnumType().getValues();
                yield values.get(random.nextInt(values.size()));
            }
            case MESSAGE -> throw new AssertionError(field);
        };
    }

    @Nested
    class SaysWhatIsWrongWith {
        @Test
        void anUnknownField() {
            assertThatThrownBy(() -> read(BadRequest.getDefaultInstance(), "{'fieldViolations': [{}, {'feild': 1}]}"))
                    .hasMessageStartingWith("static answer at $.fieldViolations[1]: unknown field 'feild':"
                            + " google.rpc.BadRequest.FieldViolation has field, description");
        }

        @Test
        void aValueOfAnotherKind() {
            assertThatThrownBy(() -> read(Money.getDefaultInstance(), "{'units': {}}"))
                    .hasMessage("static answer at $.units: needs a number, is an object");
            assertThatThrownBy(() -> read(Money.getDefaultInstance(), "{'units': 1.5}"))
                    .hasMessage("static answer at $.units: needs a whole number, is 1.5");
            assertThatThrownBy(() -> read(Money.getDefaultInstance(), "{'nanos': 3000000000}"))
                    .hasMessage("static answer at $.nanos: is out of range: 3000000000");
            assertThatThrownBy(() -> read(Money.getDefaultInstance(), "{'currencyCode': 5}"))
                    .hasMessage("static answer at $.currencyCode: needs a string, is 5");
            assertThatThrownBy(() -> read(BadRequest.getDefaultInstance(), "{'fieldViolations': {}}"))
                    .hasMessage("static answer at $.fieldViolations: needs an array, is an object");
            assertThatThrownBy(() -> read(ErrorInfo.getDefaultInstance(), "{'metadata': {'a': []}}"))
                    .hasMessage("static answer at $.metadata['a']: needs a string, is an array");
            assertThatThrownBy(() -> read(BoolValue.getDefaultInstance(), "'yes'"))
                    .hasMessage("static answer at $: needs true or false, is \"yes\"");
            assertThatThrownBy(() -> read(FieldDescriptorProto.getDefaultInstance(), "{'type': 'TYPE_INT65'}"))
                    .hasMessage("static answer at $.type: \"TYPE_INT65\" is no value of"
                            + " google.protobuf.FieldDescriptorProto.Type");
            assertThatThrownBy(() -> read(HttpBody.getDefaultInstance(), "{'data': '*'}"))
                    .hasMessageStartingWith("static answer at $.data: needs base64");
            assertThatThrownBy(() -> read(Money.getDefaultInstance(), "[]"))
                    .hasMessage("static answer at $: needs an object (google.type.Money), is an array");
            assertThatThrownBy(() -> read(Duration.getDefaultInstance(), "'1m'"))
                    .hasMessage("static answer at $: needs a duration such as \"1.5s\", is \"1m\"");
            assertThatThrownBy(() -> read(Timestamp.getDefaultInstance(), "'noon'"))
                    .hasMessageStartingWith("static answer at $: needs a time such as");
        }

        @Test
        void twoFieldsWhereOneMayBe() {
            assertThatThrownBy(() -> read(HttpRule.getDefaultInstance(), "{'get': '/x', 'put': '/y'}"))
                    .hasMessage("static answer at $: more than one field of oneof 'pattern'");
        }

        @Test
        void aMessageWhoseTypeOnlyProtobufCouldLookUp() {
            assertThatThrownBy(() -> read(HttpBody.getDefaultInstance(), "{'extensions': [{'@type': 'x'}]}"))
                    .hasMessage("static answer at $.extensions[0]: google.protobuf.Any cannot be written as JSON:"
                            + " give body-base64");
        }

        @Test
        void aMessageOfTheLiteRuntime() {
            assertThatThrownBy(() -> JsonMessage.of("lite", parsed("{}")))
                    .hasMessage("a static answer in JSON needs protobuf's full runtime; java.lang.String is of the lite"
                            + " one, without descriptors: give body-base64");
        }
    }
}
