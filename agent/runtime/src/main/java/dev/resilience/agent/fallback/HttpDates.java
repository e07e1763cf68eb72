package dev.resilience.agent.fallback;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The dates of HTTP in the three forms of RFC 9110 5.6.7, read and written without the formats of a locale. */
final class HttpDates {
    private static final List<String> MONTHS =
            List.of("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec");
    private static final List<String> DAYS = List.of("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun");
    private static final int SECONDS_OF_A_DAY = 86_400;

    /** The date in milliseconds since 1970, or null if it is none. */
    static @Nullable Long parse(String text, long nowMillis) {
        List<String> words = words(text);
        try {
            if (words.size() == 8 && words.get(7).equals("GMT") && Character.isDigit(first(words, 1))) {
                return millis(year(words.get(3), nowMillis), words.get(2), words.get(1), words, 4);
            }
            if (words.size() == 7 && Character.isDigit(first(words, 2))) {
                return millis(year(words.get(6), nowMillis), words.get(1), words.get(2), words, 3);
            }
        } catch (DateTimeException | NumberFormatException none) {
            return null;
        }
        return null;
    }

    /** The preferred form. */
    static String format(long millis) {
        LocalDateTime date = LocalDateTime.ofInstant(Instant.ofEpochMilli(millis), ZoneOffset.UTC);
        return String.format(
                Locale.ROOT,
                "%s, %02d %s %04d %02d:%02d:%02d GMT",
                DAYS.get(date.getDayOfWeek().getValue() - 1),
                date.getDayOfMonth(),
                MONTHS.get(date.getMonthValue() - 1),
                date.getYear(),
                date.getHour(),
                date.getMinute(),
                date.getSecond());
    }

    private static List<String> words(String text) {
        List<String> words = new ArrayList<>(8);
        int from = -1;
        for (int at = 0; at <= text.length(); at++) {
            boolean within = at < text.length() && " ,-:".indexOf(text.charAt(at)) < 0;
            if (within && from < 0) {
                from = at;
            } else if (!within && from >= 0) {
                words.add(text.substring(from, at));
                from = -1;
            }
        }
        return words;
    }

    private static char first(List<String> words, int index) {
        return words.get(index).charAt(0);
    }

    /** Of two digits: the year within the last 50 years and the next 50. */
    private static int year(String digits, long nowMillis) {
        int year = number(digits);
        if (digits.length() == 4) {
            return year;
        }
        if (digits.length() != 2) {
            throw new DateTimeException("neither two digits nor four");
        }
        int now = LocalDateTime.ofInstant(Instant.ofEpochMilli(nowMillis), ZoneOffset.UTC)
                .getYear();
        int latest = now + 50;
        return latest - Math.floorMod(latest - year, 100);
    }

    private static long millis(int year, String month, String day, List<String> words, int time) {
        int hour = number(words.get(time));
        int minute = number(words.get(time + 1));
        int second = number(words.get(time + 2));
        if (hour > 23 || minute > 59 || second > 60) { // 60 is a leap second
            throw new DateTimeException("no time of day");
        }
        long days = LocalDate.of(year, MONTHS.indexOf(month) + 1, number(day)).toEpochDay();
        return (days * SECONDS_OF_A_DAY + hour * 3_600L + minute * 60L + second) * 1_000;
    }

    private static int number(String digits) {
        if (digits.length() > 4 || !Character.isDigit(digits.charAt(0))) {
            throw new NumberFormatException(digits);
        }
        return Integer.parseInt(digits);
    }

    private HttpDates() {}
}
