package dev.resilience.it;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * What a client of PostgreSQL sent on one connection, a line for each message; nothing of a connection that a pool only
 * kept ready, as it depends on time how many there are.
 */
final class PostgresMessages {
    private static final int CANCEL = 80877102;
    private static final int TLS = 80877103;
    private static final int GSS = 80877104;

    static List<String> of(byte[] sent) {
        List<String> lines = new ArrayList<>();
        ByteBuffer messages = ByteBuffer.wrap(sent);
        boolean started = false;
        while (messages.remaining() >= 5) {
            String type = started ? (char) messages.get() + " " : "";
            ByteBuffer body = messages.slice(messages.position() + 4, messages.getInt(messages.position()) - 4);
            messages.position(messages.position() + body.capacity() + 4);
            if (started) {
                lines.add(type + Http2Frames.text(body));
                continue;
            }
            int code = body.getInt();
            switch (code) {
                case CANCEL -> lines.add("cancel"); // of which backend differs
                case TLS -> lines.add("TLS?");
                case GSS -> lines.add("GSS?");
                default -> {
                    lines.add("start " + code + " " + Http2Frames.text(body));
                    started = true;
                }
            }
        }
        if (messages.hasRemaining()) {
            lines.add("part of a message: " + messages.remaining());
        }
        return isIdle(lines) ? List.of() : lines;
    }

    private static boolean isIdle(List<String> lines) {
        return lines.stream()
                .noneMatch(line -> line.equals("cancel") || (line.matches("[PQ] .*") && !line.contains("SET ")));
    }

    private PostgresMessages() {}
}
