package dev.resilience.agent.policy;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One mistake in the configuration; {@link #toString} is the line that is printed.
 *
 * @param source where it stands: {@code "payments.yaml:12"}, {@code "system property"}, {@code "environment"}
 * @param key the key as that source writes it
 * @param value what it says there, or null where it says nothing or is no single value
 * @param message what would be right, and what the mistake costs
 */
public record Problem(
        Severity severity,
        String source,
        String key,
        @Nullable String value,
        String message) {
    private static final int LONGEST_VALUE = 80;
    private static final Pattern USER = Pattern.compile("//[^/@]*@");

    @Override
    public String toString() {
        return severity.text() + " in " + source + ": " + key + (value == null ? "" : " = " + printable(value)) + ": "
                + message;
    }

    /** One line, bounded, and without what URLs carry passwords in: before an {@code @}, and their parameters. */
    private static String printable(String given) {
        String value = USER.matcher(given).replaceAll("//...@");
        if (value.isEmpty()) {
            return "\"\"";
        }
        StringBuilder text = new StringBuilder();
        for (int at = 0; at < value.length(); at++) {
            char next = value.charAt(at);
            boolean isParameter = next == '?' || (next == ';' && value.startsWith("jdbc:"));
            if (text.length() >= LONGEST_VALUE || isParameter) {
                return text.append("...").toString();
            }
            text.append(Character.isISOControl(next) || Character.isSurrogate(next) ? ' ' : next);
        }
        return text.toString();
    }
}
