package dev.resilience.instrumentation.jdbc;

import java.util.regex.Pattern;

/** A JDBC URL as it may be shown: no parameters, no credentials. */
final class JdbcUrl {
    // jdbc:mysql://address=(host=h)(user=u)(password=p)/db and jdbc:oracle:thin:u/p@//h:1521/s carry them elsewhere.
    private static final Pattern KEYED_CREDENTIALS =
            Pattern.compile("\\((?:user|password|password\\d)=[^)]*\\)", Pattern.CASE_INSENSITIVE);

    private static final Pattern ORACLE_CREDENTIALS =
            Pattern.compile("^(jdbc:oracle:[a-z]+:)[^@(]*@", Pattern.CASE_INSENSITIVE);

    // Greedy to the last at sign: a password may hold any character, be it a slash, that its driver takes.
    private static final Pattern AUTHORITY_CREDENTIALS = Pattern.compile("//.*@");

    static String withoutSecrets(String url) {
        String bare = KEYED_CREDENTIALS.matcher(url).replaceAll("");
        bare = ORACLE_CREDENTIALS.matcher(bare).replaceFirst("$1@");
        int parameters = firstOf(bare, '?', ';');
        String main = parameters < 0 ? bare : bare.substring(0, parameters);
        if (parameters >= 0 && !main.contains("@") && bare.indexOf('@', parameters) >= 0 && main.contains("//")) {
            // The cut may lie inside a password: then what is left of the at sign is not ours to show.
            int scheme = main.indexOf("//");
            int userEnd = main.indexOf(':', scheme);
            int path = main.indexOf('/', scheme + 2);
            boolean password = userEnd >= 0 && path < 0 && !isPort(main.substring(userEnd + 1));
            main = password ? main.substring(0, scheme + 2) : main;
        }
        return AUTHORITY_CREDENTIALS.matcher(main).replaceFirst("//");
    }

    private static boolean isPort(String text) {
        return !text.isEmpty() && text.chars().allMatch(Character::isDigit);
    }

    private static int firstOf(String text, char one, char other) {
        for (int at = 0; at < text.length(); at++) {
            if (text.charAt(at) == one || text.charAt(at) == other) {
                return at;
            }
        }
        return -1;
    }

    private JdbcUrl() {}
}
