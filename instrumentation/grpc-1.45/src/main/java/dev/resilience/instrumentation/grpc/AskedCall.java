package dev.resilience.instrumentation.grpc;

import dev.resilience.instrumentation.api.RequestFacts;
import io.grpc.Metadata;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/** A call, as the conditions of a policy see it. */
record AskedCall(String rpc, @Nullable Metadata headers) implements RequestFacts {
    @Override
    public @Nullable String metadata(String key) {
        Iterable<String> values =
                headers == null ? null : headers.getAll(Metadata.Key.of(key, Metadata.ASCII_STRING_MARSHALLER));
        Iterator<String> each = values == null ? null : values.iterator();
        return each != null && each.hasNext() ? each.next() : null;
    }

    @Override
    public String method() {
        return rpc.substring(rpc.lastIndexOf('/') + 1);
    }
}
