package dev.resilience.agent.target;

/**
 * The part of an address between scheme and path.
 *
 * @param host as {@link HostName} spells it
 * @param port -1 if none is given
 */
public record HostAndPort(String host, int port) {

    /** Of an authority that {@code java.net.URI} does not take apart, as it holds an underscore or foreign letters. */
    public static HostAndPort parse(String authority) {
        String bare = authority.substring(authority.lastIndexOf('@') + 1);
        int colon = colon(bare);
        int port = -1;
        for (int i = colon + 1; i < bare.length() && i < colon + 6; i++) {
            int digit = Character.digit(bare.charAt(i), 10);
            port = digit < 0 ? -1 : Math.max(port, 0) * 10 + digit;
        }
        return new HostAndPort(HostName.of(bare.substring(0, colon)), port);
    }

    /**
     * The hosts of this authority, with commas if there are several, each spelled the one way.
     *
     * @param port what to add where none is given, or nothing
     */
    static String normal(String authority, String port) {
        if (authority.indexOf('=') >= 0 || authority.indexOf('(') >= 0 || authority.indexOf('\\') >= 0) {
            return authority; // a driver's own way of writing it
        }
        StringBuilder text = new StringBuilder(authority.length() + 8);
        for (String each : authority.split(",", -1)) {
            int colon = colon(each);
            text.append(text.length() == 0 ? "" : ",").append(HostName.of(each.substring(0, colon)));
            if (colon < each.length()) {
                text.append(each, colon, each.length());
            } else if (!port.isEmpty()) {
                text.append(':').append(port);
            }
        }
        return text.toString();
    }

    /** Without the ports. */
    static String hosts(String authority) {
        StringBuilder text = new StringBuilder(authority.length());
        for (String each : authority.split(",", -1)) {
            text.append(text.length() == 0 ? "" : ",").append(each, 0, colon(each));
        }
        return text.toString();
    }

    /** Where the port begins, with its colon; the end if there is none. */
    private static int colon(String host) {
        int colon = host.lastIndexOf(':');
        boolean bracketed = host.startsWith("[");
        boolean port = colon > host.lastIndexOf(']') && (bracketed || host.indexOf(':') == colon);
        return port ? colon : host.length();
    }
}
