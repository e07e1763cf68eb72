package dev.resilience.instrumentation.api;

import java.time.DateTimeException;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import org.jspecify.annotations.Nullable;

/** How long a target asks to be left alone before a call is made again, in nanoseconds. */
public final class PushBack {
    public static final long NOT_TOLD = Long.MIN_VALUE;

    /** For good. */
    public static final long NEVER = -1;

    private static final long SECOND_NANOS = 1_000_000_000;
    private static final long MILLI_NANOS = 1_000_000;

    /** Of a {@code Retry-After} header: seconds, or a date. What cannot be read was not told. */
    public static long ofRetryAfter(@Nullable String value, long epochSecondsNow) {
        String text = value == null ? "" : value.trim();
        if (text.isEmpty()) {
            return NOT_TOLD;
        }
        if (isNumber(text)) {
            return nanos(text, SECOND_NANOS);
        }
        try {
            long then = ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME)
                    .toEpochSecond();
            long seconds = Math.min(Math.max(0, then - epochSecondsNow), Long.MAX_VALUE / SECOND_NANOS);
            return seconds * SECOND_NANOS;
        } catch (DateTimeException unreadable) {
            return NOT_TOLD;
        }
    }

    /** Of {@code grpc-retry-pushback-ms} in trailers: milliseconds. What is negative, or no number, stops retries. */
    public static long ofGrpc(@Nullable String value) {
        if (value == null) {
            return NOT_TOLD;
        }
        String text = value.trim();
        return isNumber(text) ? nanos(text, MILLI_NANOS) : NEVER;
    }

    private static boolean isNumber(String text) {
        for (int at = 0; at < text.length(); at++) {
            if (text.charAt(at) < '0' || text.charAt(at) > '9') {
                return false;
            }
        }
        return !text.isEmpty();
    }

    /** What no long holds is as long as one does. */
    private static long nanos(String digits, long unit) {
        long most = Long.MAX_VALUE / unit;
        long amount = 0;
        for (int at = 0; at < digits.length() && amount <= most; at++) {
            amount = amount * 10 + digits.charAt(at) - '0';
        }
        return amount > most ? Long.MAX_VALUE : amount * unit;
    }

    private PushBack() {}
}
