package dev.resilience.instrumentation.api;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The answer a policy gives instead of the target's, as a value no protocol owns.
 *
 * @param status the HTTP status, 200 to 599; meaningless elsewhere
 * @param contentType the HTTP content type, or null for none
 * @param headers further HTTP headers, in the order written
 * @param body the bytes of the answer; for gRPC the serialised message unless {@code json} is there
 * @param json for gRPC: the message in protobuf's JSON form, parsed to maps, lists, strings, numbers, booleans and
 *     nulls; null when the policy gave bytes
 */
@SuppressWarnings("ArrayRecordComponent") // never handed out unclonable: adapters only read it
public record StaticAnswer(
        int status,
        @Nullable String contentType,
        Map<String, List<String>> headers,
        byte[] body,
        @Nullable Object json) {

    public StaticAnswer {
        headers = Map.copyOf(headers);
        body = body.clone();
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof StaticAnswer that
                && status == that.status
                && Objects.equals(contentType, that.contentType)
                && headers.equals(that.headers)
                && Arrays.equals(body, that.body)
                && Objects.equals(json, that.json);
    }

    @Override
    public int hashCode() {
        return Objects.hash(status, contentType, headers, Arrays.hashCode(body), json);
    }

    @Override
    public String toString() {
        return "StaticAnswer[status=" + status + ", contentType=" + contentType + ", " + body.length + " bytes]";
    }

    /** The body as text, for diagnosis. */
    public String text() {
        return new String(body, StandardCharsets.UTF_8);
    }
}
