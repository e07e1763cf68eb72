package dev.resilience.demo;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Reads the spans out of an OTLP trace export request, and no more of it than the demo shows. */
final class Otlp {
    private Otlp() {}

    static List<SeenSpan> spans(byte[] request) throws IOException {
        List<SeenSpan> spans = new ArrayList<>();
        each(
                request,
                1,
                resourceSpans -> each(
                        resourceSpans,
                        2,
                        scopeSpans -> each(scopeSpans, 2, span -> {
                            spans.add(span(span));
                        })));
        return spans;
    }

    private static SeenSpan span(byte[] bytes) throws IOException {
        CodedInputStream in = CodedInputStream.newInstance(bytes);
        String trace = "";
        String id = "";
        String parent = "";
        String name = "";
        long start = 0;
        long end = 0;
        Map<String, String> attributes = new TreeMap<>();
        List<SeenSpan.Event> events = new ArrayList<>();
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            switch (WireFormat.getTagFieldNumber(tag)) {
                case 1 -> trace = HexFormat.of().formatHex(in.readByteArray());
                case 2 -> id = HexFormat.of().formatHex(in.readByteArray());
                case 4 -> parent = HexFormat.of().formatHex(in.readByteArray());
                case 5 -> name = in.readString();
                case 7 -> start = in.readFixed64();
                case 8 -> end = in.readFixed64();
                case 9 -> attribute(in.readByteArray(), attributes);
                case 11 -> events.add(event(in.readByteArray()));
                default -> in.skipField(tag);
            }
        }
        return new SeenSpan(trace, id, parent, name, start, end, attributes, events);
    }

    private static SeenSpan.Event event(byte[] bytes) throws IOException {
        CodedInputStream in = CodedInputStream.newInstance(bytes);
        String name = "";
        Map<String, String> attributes = new TreeMap<>();
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            switch (WireFormat.getTagFieldNumber(tag)) {
                case 2 -> name = in.readString();
                case 3 -> attribute(in.readByteArray(), attributes);
                default -> in.skipField(tag);
            }
        }
        return new SeenSpan.Event(name, attributes);
    }

    private static void attribute(byte[] bytes, Map<String, String> attributes) throws IOException {
        CodedInputStream in = CodedInputStream.newInstance(bytes);
        String key = "";
        String value = "";
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            switch (WireFormat.getTagFieldNumber(tag)) {
                case 1 -> key = in.readString();
                case 2 -> value = value(in.readByteArray());
                default -> in.skipField(tag);
            }
        }
        attributes.put(key, value);
    }

    private static String value(byte[] bytes) throws IOException {
        CodedInputStream in = CodedInputStream.newInstance(bytes);
        String value = "";
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            switch (WireFormat.getTagFieldNumber(tag)) {
                case 1 -> value = in.readString();
                case 2 -> value = Boolean.toString(in.readBool());
                case 3 -> value = Long.toString(in.readInt64());
                case 4 -> value = Double.toString(in.readDouble());
                default -> in.skipField(tag);
            }
        }
        return value;
    }

    private static void each(byte[] message, int field, Part part) throws IOException {
        CodedInputStream in = CodedInputStream.newInstance(message);
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            if (WireFormat.getTagFieldNumber(tag) == field) {
                part.read(in.readByteArray());
            } else {
                in.skipField(tag);
            }
        }
    }

    private interface Part {
        void read(byte[] message) throws IOException;
    }
}
