package dev.resilience.scenarios;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Properties;

/** What a Maven profile gives to the program it starts: system properties of one prefix, empty where nothing was said. */
public record Given(Properties properties, String prefix) {
    public String of(String key, String otherwise) {
        String value = properties.getProperty(prefix + key, "");
        return value.isEmpty() ? otherwise : value;
    }

    /** Throws if the profile did not give it. */
    public String required(String key) {
        String value = of(key, "");
        if (value.isEmpty()) {
            throw new IllegalArgumentException(
                    "-D" + prefix + key + " is missing: this is started by its Maven profile");
        }
        return value;
    }

    public boolean isTrue(String key) {
        return Boolean.parseBoolean(of(key, ""));
    }

    public int number(String key, int otherwise) {
        return Integer.parseInt(of(key, Integer.toString(otherwise)));
    }

    /** Those that are named, in any case and with commas between them, or all. */
    public <T extends Enum<T>> List<T> chosen(String key, T[] all) {
        String names = of(key, "");
        List<String> wanted = Arrays.asList(names.toUpperCase(Locale.ROOT).split(",", -1));
        return Arrays.stream(all)
                .filter(one -> names.isEmpty() || wanted.contains(one.name()))
                .toList();
    }

    /** As options of a command line, to be given again. */
    public String text(List<String> keys) {
        StringBuilder text = new StringBuilder();
        for (String key : keys) {
            String value = of(key, "");
            if (!value.isEmpty() && !value.equals("false")) {
                text.append(" -D").append(prefix).append(key).append('=').append(value);
            }
        }
        return text.toString();
    }
}
