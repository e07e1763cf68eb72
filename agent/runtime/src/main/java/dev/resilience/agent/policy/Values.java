package dev.resilience.agent.policy;

import static dev.resilience.agent.policy.BadValue.require;

import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Text to value; what cannot be read is a {@link BadValue} that says what would be right. */
final class Values {
    private static final Pattern DURATION = Pattern.compile("([0-9]{1,12})(ms|s|m|h|d)");
    private static final Pattern SHARE = Pattern.compile("([0-9]{1,9}(?:\\.[0-9]{1,9})?)%");
    private static final Pattern DECIMAL = Pattern.compile("[0-9]{1,9}(?:\\.[0-9]{1,9})?");
    private static final Pattern NUMBER = Pattern.compile("-?[0-9]{1,18}");

    static Duration duration(Setting setting) {
        Matcher matcher = DURATION.matcher(setting.text());
        require(matcher.matches(), setting.key(), "a duration with its unit (ms, s, m, h, d), for example 800ms");
        long amount = Long.parseLong(matcher.group(1));
        return switch (matcher.group(2)) {
            case "ms" -> Duration.ofMillis(amount);
            case "s" -> Duration.ofSeconds(amount);
            case "m" -> Duration.ofMinutes(amount);
            case "h" -> Duration.ofHours(amount);
            default -> Duration.ofDays(amount);
        };
    }

    /** 0 to 1 for 0% to 100%; more is for its owner to refuse. */
    static double share(Setting setting) {
        Matcher matcher = SHARE.matcher(setting.text());
        require(matcher.matches(), setting.key(), "a share with its %, for example 50%");
        return new BigDecimal(matcher.group(1)).movePointLeft(2).doubleValue();
    }

    static double decimal(Setting setting) {
        require(DECIMAL.matcher(setting.text()).matches(), setting.key(), "a number, for example 0.2");
        return Double.parseDouble(setting.text());
    }

    static int number(Setting setting) {
        return number(setting, setting.text());
    }

    /** What no int holds becomes the nearest that one does: out of every bound as well. */
    static int number(Setting setting, String text) {
        require(NUMBER.matcher(text).matches(), setting.key(), "a whole number");
        return (int) Math.max(Integer.MIN_VALUE, Math.min(Integer.MAX_VALUE, Long.parseLong(text)));
    }

    /** One of the constants, by its lower-case name. */
    static <E extends Enum<E>> E word(Setting setting, Class<E> type) {
        String text = setting.text();
        E[] constants = type.getEnumConstants();
        StringBuilder words = new StringBuilder();
        for (int i = 0; i < constants.length; i++) {
            String word = constants[i].name().toLowerCase(Locale.ROOT).replace('_', '-');
            if (word.equals(text)) {
                return constants[i];
            }
            words.append(i == 0 ? "" : i == constants.length - 1 ? " or " : ", ")
                    .append(word);
        }
        throw new BadValue(setting.key(), words.toString());
    }

    static boolean flag(Setting setting) {
        require(List.of("true", "false").contains(setting.text()), setting.key(), "true or false");
        return setting.text().equals("true");
    }

    private Values() {}
}
