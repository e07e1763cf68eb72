package dev.resilience.instrumentation.jdbc;

import dev.resilience.instrumentation.api.MessageAsk;
import dev.resilience.instrumentation.api.MessageKeeper;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.sql.Statement;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What one execution of a statement asks, and for whom.
 *
 * @param keeper who keeps its rows; null where nobody does
 * @param whyNot why no other may answer it, or null
 * @param isRepeatable whether the same connection may be asked twice
 * @param text that it is executed with; null for one that was prepared
 * @param session that of its connection; null only if {@code whyNot} says something
 * @param prepared its text and what is bound to it; likewise
 * @param type of result set it asks for
 */
record Asking(
        Statement statement,
        Database database,
        @Nullable MessageKeeper keeper,
        @Nullable NoAnswer whyNot,
        boolean isRepeatable,
        @Nullable String text,
        @Nullable Session session,
        @Nullable Prepared prepared,
        int type,
        int maxRows) {

    /** As those who keep see it; only where {@code whyNot} says nothing. */
    MessageAsk ask() throws IOException {
        if (session == null || prepared == null) {
            throw new IllegalStateException("nobody knows what is asked");
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            // whoever it is for is part of what is asked too: no setting makes these rows anybody else's
            for (String text : session.opener()) {
                write(text, out);
            }
            write(prepared.sql(), out);
            out.writeInt(maxRows);
            prepared.write(out);
        }
        return new MessageAsk(database.url(), "SELECT", Map.of(), session.opener(), bytes.toByteArray());
    }

    private static void write(String text, DataOutputStream out) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        out.writeInt(bytes.length);
        out.write(bytes);
    }
}
