package dev.resilience.agent.target;

import java.net.IDN;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Locale;

/** The one spelling of a host that all its spellings share. */
public final class HostName {
    private static final int GROUPS = 8;

    /**
     * Lower case, in ASCII, without a last dot; an IPv6 address in brackets, as short as it gets.
     *
     * @param host a name, an IPv4 address, or an IPv6 address with or without brackets
     */
    public static String of(String host) {
        if (host.indexOf(':') >= 0) {
            return address(host);
        }
        String named = host;
        if (!isAscii(named)) {
            named = ascii(named);
        }
        if (named.length() > 1 && named.endsWith(".")) {
            named = named.substring(0, named.length() - 1);
        }
        return named.toLowerCase(Locale.ROOT);
    }

    private static boolean isAscii(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) >= 0x80) {
                return false;
            }
        }
        return true;
    }

    private static String ascii(String name) {
        try {
            return IDN.toASCII(name.toLowerCase(Locale.ROOT), IDN.ALLOW_UNASSIGNED);
        } catch (IllegalArgumentException noName) {
            return name;
        }
    }

    private static String address(String host) {
        String bare = host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
        int zone = bare.indexOf('%');
        String number = zone < 0 ? bare : bare.substring(0, zone);
        try {
            // in brackets it is an address or an error: no name is looked up
            InetAddress address = InetAddress.getByName("[" + number + "]");
            String shortest =
                    address instanceof Inet6Address ? shortest(address.getAddress()) : address.getHostAddress();
            String spelled = zone < 0 ? shortest : shortest + bare.substring(zone);
            return address instanceof Inet6Address ? "[" + spelled + "]" : spelled;
        } catch (UnknownHostException noAddress) {
            return host.toLowerCase(Locale.ROOT);
        }
    }

    /** RFC 5952: no leading zeros, and the longest run of zero groups, of two or more, left out. */
    private static String shortest(byte[] bytes) {
        int[] groups = new int[GROUPS];
        for (int i = 0; i < GROUPS; i++) {
            groups[i] = (bytes[2 * i] & 0xff) << 8 | (bytes[2 * i + 1] & 0xff);
        }
        int start = GROUPS;
        int longest = 1;
        for (int i = 0; i < GROUPS; i++) {
            int run = 0;
            while (i + run < GROUPS && groups[i + run] == 0) {
                run++;
            }
            if (run > longest) {
                start = i;
                longest = run;
            }
        }
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < GROUPS; i++) {
            if (i == start) {
                text.append("::");
                i += longest - 1;
            } else {
                if (text.length() > 0 && text.charAt(text.length() - 1) != ':') {
                    text.append(':');
                }
                text.append(Integer.toHexString(groups[i]));
            }
        }
        return text.toString();
    }

    private HostName() {}
}
