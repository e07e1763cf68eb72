package dev.resilience.instrumentation.grpc;

import dev.resilience.instrumentation.api.Fallback;
import dev.resilience.instrumentation.api.Identities;
import dev.resilience.instrumentation.api.MessageAsk;
import dev.resilience.instrumentation.api.MessageKeeper;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One unary call in the eyes of who keeps its answer. */
final class KeptCall<ReqT, RespT> {
    /*
     * Messages are read as soon as they pass: not all are protobuf's, and one of another kind may be changed by its owner
     * later.
     */
    private static final Identities CHANNELS = new Identities("channel");

    private final MessageKeeper keeper;
    private final MethodDescriptor<ReqT, RespT> method;
    private final String authority;
    private final List<String> credentials;
    private final Map<String, List<String>> metadata;
    private volatile @Nullable MessageAsk ask;
    private byte @Nullable [] answer; // one callback after the other
    private boolean isTold;

    private KeptCall(
            MessageKeeper keeper,
            MethodDescriptor<ReqT, RespT> method,
            String authority,
            List<String> credentials,
            Map<String, List<String>> metadata) {
        this.keeper = keeper;
        this.method = method;
        this.authority = authority;
        this.credentials = credentials;
        this.metadata = metadata;
    }

    /**
     * Null where nobody keeps anything of such calls; and where the call has credentials that nobody can look into. What
     * the channel shows cannot be seen either, so it is somebody of its own.
     */
    @SuppressWarnings("unchecked") // the plan's method is the one its call was created for
    static <ReqT, RespT> @Nullable KeptCall<ReqT, RespT> of(Plan plan, Metadata headers) {
        MessageKeeper keeper = plan.isUnary() ? plan.guard().messageKeeper() : null;
        if (keeper == null || plan.asked().getCredentials() != null) {
            return null;
        }
        String overridden = plan.asked().getAuthority();
        return new KeptCall<>(
                keeper,
                (MethodDescriptor<ReqT, RespT>) plan.method(),
                overridden == null ? plan.channel().authority() : overridden,
                List.of(CHANNELS.of(plan.channel())),
                texts(headers));
    }

    private static Map<String, List<String>> texts(Metadata headers) {
        Map<String, List<String>> texts = new HashMap<>();
        for (String name : headers.keys()) {
            List<String> values = new ArrayList<>();
            if (name.endsWith(Metadata.BINARY_HEADER_SUFFIX)) {
                Iterable<byte[]> all = headers.getAll(Metadata.Key.of(name, Metadata.BINARY_BYTE_MARSHALLER));
                if (all != null) {
                    all.forEach(bytes -> values.add(Base64.getEncoder().encodeToString(bytes)));
                }
            } else {
                Iterable<String> all = headers.getAll(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER));
                if (all != null) {
                    all.forEach(values::add);
                }
            }
            texts.put(name, values);
        }
        return texts;
    }

    /** The caller says what it asks. */
    void asking(ReqT message) {
        byte[] request = bytes(method.streamRequest(message));
        ask = new MessageAsk(authority, method.getFullMethodName(), metadata, credentials, request);
    }

    /** The target answers. */
    void answered(RespT message) {
        answer = isTold ? null : bytes(method.streamResponse(message));
        isTold = true;
    }

    /** Only one message and then OK is a good answer. */
    void over(Status status) {
        MessageAsk asked = ask;
        byte[] message = answer;
        if (status.isOk() && asked != null && message != null) {
            keeper.keep(asked, message);
        }
    }

    /** What was kept of such a call. */
    RespT snapshot(Fallback link) {
        MessageAsk asked = ask;
        if (asked == null) {
            throw new IllegalStateException("it is not known what is asked");
        }
        return method.parseResponse(new ByteArrayInputStream(link.snapshot(asked)));
    }

    private static byte[] bytes(InputStream message) {
        try (message) {
            return message.readAllBytes();
        } catch (IOException unread) {
            throw new UncheckedIOException(unread);
        }
    }
}
