package dev.resilience.agent.fallback;

import dev.resilience.instrumentation.api.CredentialHeaders;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * For whom a call is made, as a keyed hash of every credential it shows and of what else the policy says tells callers
 * apart. What was kept for one is never given to another.
 */
public record Principal(Fingerprint of) {
    /**
     * Whoever shows these.
     *
     * @param fields the headers of a request, or the metadata of a call
     * @param credentials what else tells callers apart: the user of a connection, a certificate
     */
    public static Principal of(Fingerprints fingerprints, SnapshotRule rule, Fields fields, List<String> credentials) {
        List<@Nullable String> texts = new ArrayList<>();
        texts.add("principal");
        if (!rule.shared()) {
            texts.add(Integer.toString(credentials.size()));
            texts.addAll(credentials);
        }
        fields.map().forEach((name, values) -> {
            String lower = name.toLowerCase(Locale.ROOT);
            if (rule.keyHeaders().contains(lower) || (!rule.shared() && isCredential(lower))) {
                texts.add(lower);
                texts.add(Integer.toString(values.size()));
                texts.addAll(values);
            }
        });
        return new Principal(fingerprints.of(texts));
    }

    static boolean hasCredentials(Fields fields, List<String> credentials) {
        return !credentials.isEmpty()
                || fields.map().keySet().stream().anyMatch(name -> isCredential(name.toLowerCase(Locale.ROOT)));
    }

    /** Whether the header of that name, in lower case, tells callers apart, or may: X-Tenant-Id is no secret, but does. */
    static boolean isCredential(String name) {
        return CredentialHeaders.contains(name)
                || name.contains("tenant")
                || (name.contains("user") && !name.equals("user-agent"));
    }
}
