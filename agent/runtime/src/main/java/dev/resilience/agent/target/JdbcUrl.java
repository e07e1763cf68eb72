package dev.resilience.agent.target;

import java.util.Map;

/** A JDBC URL cut down to what may be named: driver, host, port and database. */
public final class JdbcUrl {
    private static final String ORACLE = "jdbc:oracle:";
    private static final String POSTGRESQL = "jdbc:postgresql:";
    private static final Map<String, String> PORTS = Map.of(
            POSTGRESQL,
            "5432",
            "jdbc:mysql:",
            "3306",
            "jdbc:mariadb:",
            "3306",
            "jdbc:sqlserver:",
            "1433",
            ORACLE,
            "1521",
            "jdbc:db2:",
            "50000",
            "jdbc:h2:tcp:",
            "9092");

    /** The URL without its parameters and credentials. Rather loses a part of the name than keeps a secret. */
    public static String bare(String url) {
        String bare = withoutParameters(url);
        int authority = bare.indexOf("//");
        if (bare.regionMatches(true, 0, ORACLE, 0, ORACLE.length())) {
            return withoutOracleCredentials(bare);
        }
        if (authority < 0) {
            return bare;
        }
        return bare.substring(0, authority + 2) + withoutUserInfo(bare.substring(authority + 2));
    }

    /** {@link #bare}, with hosts in their one spelling and the driver's own port where the URL has none. */
    static String normal(String url) {
        String bare = bare(url);
        if (bare.startsWith(POSTGRESQL) && !bare.startsWith("//", POSTGRESQL.length())) {
            bare = POSTGRESQL + "//localhost/" + bare.substring(POSTGRESQL.length());
        }
        int start = bare.indexOf("//") + 2;
        if (start < 2) {
            return bare;
        }
        int slash = bare.indexOf('/', start);
        int end = slash < 0 ? bare.length() : slash;
        String port = port(bare);
        String authority = bare.substring(start, end);
        if (authority.isEmpty() && port.isEmpty()) {
            return bare;
        }
        String hosts = HostAndPort.normal(authority.isEmpty() ? "localhost" : authority, port);
        return bare.substring(0, start) + hosts + bare.substring(end);
    }

    private static String port(String url) {
        for (Map.Entry<String, String> driver : PORTS.entrySet()) {
            if (url.startsWith(driver.getKey())) {
                return driver.getValue();
            }
        }
        return "";
    }

    private static String withoutParameters(String url) {
        int end = url.length();
        for (int i = 0; i < end; i++) {
            char c = url.charAt(i);
            if (c == '?' || c == ';' || c == '#') {
                return url.substring(0, i);
            }
        }
        return url;
    }

    private static String withoutUserInfo(String rest) {
        int at = rest.lastIndexOf('@');
        String named = at < 0 ? rest : rest.substring(at + 1);
        int slash = named.indexOf('/');
        String authority = slash < 0 ? named : named.substring(0, slash);
        // "user:pa?ss@host" lost its "@host" with the parameters: what is left after the colon is no port
        int garbled = endOfAuthority(authority);
        return garbled == authority.length() ? named : authority.substring(0, garbled);
    }

    /** Where the list of hosts and ports stops making sense: at a colon that no port follows. */
    private static int endOfAuthority(String authority) {
        boolean bracketed = false;
        for (int i = 0; i < authority.length(); i++) {
            char c = authority.charAt(i);
            if (c == '[') {
                bracketed = true;
            } else if (c == ']') {
                bracketed = false;
            } else if (c == ':' && !bracketed && !isPort(authority, i + 1)) {
                return i;
            }
        }
        return authority.length();
    }

    private static boolean isPort(String authority, int start) {
        int i = start;
        while (i < authority.length() && authority.charAt(i) >= '0' && authority.charAt(i) <= '9') {
            i++;
        }
        return i == authority.length() || authority.charAt(i) == ',';
    }

    /** {@code jdbc:oracle:thin:scott/tiger@//host:1521/service}: the user stands before the last at sign. */
    private static String withoutOracleCredentials(String url) {
        int driver = url.indexOf(':', ORACLE.length());
        int at = url.lastIndexOf('@');
        return driver < 0 || at < driver ? url : url.substring(0, driver + 1) + url.substring(at);
    }

    private JdbcUrl() {}
}
