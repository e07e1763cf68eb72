package dev.resilience.agent.telemetry;

import dev.resilience.agent.signal.Subject;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How a span of ours presents a target.
 *
 * @param name the span's name: protocol and address
 * @param attributes what the semantic conventions ask for and the target tells
 * @param address {@code host:port}, or the whole target where it has no such form
 */
record Description(String name, Map<String, Object> attributes, String address) {
    /*
     * Targets are http://host:8443, dns:///x:9000 or host:9000, and jdbc:postgresql://h:5432/db; what does not read
     * like one of these gives a name and nothing else.
     */
    static Description of(Subject subject) {
        String target = Facts.safe(subject.target());
        Map<String, Object> attributes = new LinkedHashMap<>();
        String label = subject.protocol();
        String rest = target;
        switch (subject.protocol()) {
            case "http" -> {
                label = "HTTP";
                rest = after(target, "://");
            }
            case "grpc" -> {
                attributes.put("rpc.system", "grpc");
                rest = after(after(target, ":///"), "://");
            }
            case "jdbc" -> {
                rest = target.startsWith("jdbc:") ? target.substring(5) : target;
                int kind = rest.indexOf(':');
                attributes.put("db.system.name", kind > 0 ? rest.substring(0, kind) : "other_sql");
                rest = after(rest, "://");
                int slash = rest.indexOf('/');
                if (slash >= 0 && slash + 1 < rest.length()) {
                    attributes.put("db.namespace", rest.substring(slash + 1));
                }
            }
            default -> {
                // an unknown protocol has a name
            }
        }
        int slash = rest.indexOf('/');
        String authority = slash < 0 ? rest : rest.substring(0, slash);
        int colon = authority.lastIndexOf(':');
        if (colon > 0 && isPort(authority, colon + 1)) {
            attributes.put("server.address", authority.substring(0, colon));
            attributes.put("server.port", Long.parseLong(authority.substring(colon + 1)));
        }
        String shown = subject.protocol().equals("jdbc") && target.startsWith("jdbc:") ? target.substring(5) : rest;
        return new Description(label + " " + shown, Map.copyOf(attributes), authority);
    }

    private static String after(String text, String mark) {
        int found = text.indexOf(mark);
        return found < 0 ? text : text.substring(found + mark.length());
    }

    private static boolean isPort(String text, int from) {
        int digits = text.length() - from;
        return digits > 0 && digits <= 5 && text.substring(from).chars().allMatch(c -> c >= '0' && c <= '9');
    }
}
