package dev.resilience.it;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a client of HTTP/2 sent on one connection, a line for each thing it says. Left out is what depends on timing alone:
 * window updates, pings, acknowledgements, and where the data of a stream is cut into frames.
 */
final class Http2Frames {
    private static final String PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    private static final int END_STREAM = 1;
    private static final int PRIORITY = 32;

    private final List<String> connection = new ArrayList<>();
    private final Map<Integer, List<String>> streams = new TreeMap<>();
    private final Map<Integer, StringBuilder> data = new TreeMap<>();

    static List<String> of(byte[] sent) {
        Http2Frames frames = new Http2Frames();
        // one character is one byte
        int preface = new String(sent, StandardCharsets.ISO_8859_1).indexOf(PREFACE);
        if (preface < 0) {
            return List.of("not HTTP/2: " + text(sent));
        }
        if (preface > 0) {
            frames.connection.add("before: " + text(ByteBuffer.wrap(sent, 0, preface)));
        }
        ByteBuffer rest = ByteBuffer.wrap(sent);
        rest.position(preface + PREFACE.length());
        frames.read(rest);
        return frames.lines();
    }

    private void read(ByteBuffer sent) {
        while (sent.remaining() >= 9) {
            int length = ((sent.getShort() & 0xffff) << 8) + (sent.get() & 0xff);
            int type = sent.get();
            int flags = sent.get();
            int stream = sent.getInt() & 0x7fffffff;
            byte[] payload = new byte[length];
            sent.get(payload);
            switch (type) {
                case 0 -> data(stream, flags, payload);
                case 1 ->
                    say(stream, "HEADERS " + flags + " " + text(oneName(payload, (flags & PRIORITY) == 0 ? 0 : 5)));
                case 2 -> say(stream, "PRIORITY " + hex(payload));
                case 3 -> say(stream, "RST_STREAM " + hex(payload));
                case 4 -> {
                    if (length > 0) {
                        connection.add("SETTINGS " + hex(payload));
                    }
                }
                case 6, 8 -> {}
                default -> say(stream, "type " + type + " " + hex(payload));
            }
        }
        if (sent.hasRemaining()) {
            connection.add("part of a frame: " + sent.remaining());
        }
    }

    private void data(int stream, int flags, byte[] payload) {
        data.computeIfAbsent(stream, id -> new StringBuilder()).append(text(payload));
        if ((flags & END_STREAM) != 0) {
            say(stream, "END");
        }
    }

    private void say(int stream, String line) {
        StringBuilder before = data.remove(stream);
        List<String> lines = streams.computeIfAbsent(stream, id -> new ArrayList<>());
        if (before != null) {
            lines.add("DATA " + before);
        }
        lines.add(line);
    }

    private List<String> lines() {
        List<String> all = new ArrayList<>(connection);
        streams.forEach((stream, lines) -> lines.forEach(line -> all.add("stream " + stream + " " + line)));
        data.forEach((stream, open) -> all.add("stream " + stream + " DATA " + open));
        return all;
    }

    /**
     * Two entries of HPACK's table are named {@code :path}, and the JDK's client takes the one or the other by the seed of
     * its JVM's hash maps; here it is always the first.
     */
    private static byte[] oneName(byte[] headers, int start) {
        for (int at = start; at < headers.length; ) {
            int first = headers[at];
            if ((first & 0x80) != 0) {
                at = afterNumber(headers, at, 0x7f);
            } else if ((first & 0xe0) == 0x20) {
                at = afterNumber(headers, at, 0x1f);
            } else {
                int prefix = (first & 0x40) != 0 ? 0x3f : 0x0f;
                if ((first & prefix) == 5) {
                    headers[at]--;
                }
                at = (first & prefix) == 0 ? afterText(headers, at + 1) : afterNumber(headers, at, prefix);
                at = afterText(headers, at);
            }
        }
        return headers;
    }

    private static int afterNumber(byte[] headers, int at, int prefix) {
        int next = at + 1;
        if ((headers[at] & prefix) == prefix) {
            while ((headers[next++] & 0x80) != 0) {
                // it goes on
            }
        }
        return next;
    }

    private static int afterText(byte[] headers, int at) {
        int length = headers[at] & 0x7f;
        int next = at + 1;
        if (length == 0x7f) {
            int shift = 0;
            byte more;
            do {
                more = headers[next++];
                length += (more & 0x7f) << shift;
                shift += 7;
            } while ((more & 0x80) != 0);
        }
        return next + length;
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }

    private static String text(byte[] bytes) {
        return text(ByteBuffer.wrap(bytes));
    }

    /** Every byte, the unprintable ones escaped. */
    static String text(ByteBuffer bytes) {
        StringBuilder text = new StringBuilder();
        while (bytes.hasRemaining()) {
            int next = bytes.get() & 0xff;
            if (next >= ' ' && next < 0x7f && next != '\\') {
                text.append((char) next);
            } else {
                text.append(String.format("\\%02x", next));
            }
        }
        return text.toString();
    }
}
