package dev.resilience.spi;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a policy says below {@code breaker.settings}, in the form all values of the configuration have. */
public final class Settings {
    private static final Pattern DURATION = Pattern.compile("([0-9]{1,12})(ms|s|m|h)");
    private static final Pattern SHARE = Pattern.compile("([0-9]{1,9}(?:\\.[0-9]{1,9})?)%");
    private static final Pattern NUMBER = Pattern.compile("-?[0-9]{1,18}");

    private final Map<String, String> values;
    private final Set<String> asked = new HashSet<>();

    public Settings(Map<String, String> values) {
        this.values = Map.copyOf(values);
    }

    public String text(String key, String otherwise) {
        asked.add(key);
        return values.getOrDefault(key, otherwise);
    }

    /** A whole number within these bounds. */
    public long number(String key, long otherwise, long least, long most) {
        asked.add(key);
        String text = values.get(key);
        if (text == null) {
            return otherwise;
        }
        boolean isNumber = NUMBER.matcher(text).matches();
        if (!isNumber || Long.parseLong(text) < least || Long.parseLong(text) > most) {
            throw new BadSetting(key, "a number, " + least + " to " + most);
        }
        return Long.parseLong(text);
    }

    /** A share with its {@code %}: 0.5 for 50%. At most 100%. */
    public double share(String key, double otherwise) {
        asked.add(key);
        String text = values.get(key);
        if (text == null) {
            return otherwise;
        }
        Matcher matcher = SHARE.matcher(text);
        double share = matcher.matches()
                ? new BigDecimal(matcher.group(1)).movePointLeft(2).doubleValue()
                : Double.NaN;
        if (!(share <= 1)) {
            throw new BadSetting(key, "a share with its %, 0% to 100%");
        }
        return share;
    }

    /** A duration with its unit: {@code 800ms}, {@code 5s}, {@code 2m}, {@code 1h}. */
    public Duration duration(String key, Duration otherwise) {
        asked.add(key);
        String text = values.get(key);
        if (text == null) {
            return otherwise;
        }
        Matcher matcher = DURATION.matcher(text);
        if (!matcher.matches()) {
            throw new BadSetting(key, "a duration with its unit (ms, s, m, h), for example 800ms");
        }
        long amount = Long.parseLong(matcher.group(1));
        return switch (matcher.group(2)) {
            case "ms" -> Duration.ofMillis(amount);
            case "s" -> Duration.ofSeconds(amount);
            case "m" -> Duration.ofMinutes(amount);
            default -> Duration.ofHours(amount);
        };
    }

    /** Those that were given and nobody asked for: the agent warns of each. */
    public Set<String> unasked() {
        Set<String> unasked = new TreeSet<>(values.keySet());
        unasked.removeAll(asked);
        return unasked;
    }
}
