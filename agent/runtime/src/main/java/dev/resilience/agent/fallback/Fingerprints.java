package dev.resilience.agent.fallback;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import javax.crypto.Mac;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/** Keyed hashes: HMAC-SHA-256 under a random key that nobody ever sees and that ends with the process. */
public final class Fingerprints {
    /*
     * A Mac is used by one thread at a time and is as new after each use. The one that is idle is taken out of its place
     * and put back; who finds the place empty makes another, and of two that come back one is dropped.
     */
    private static final String ALGORITHM = "HmacSHA256";

    private final SecretKey key;
    private final AtomicReference<@Nullable Mac> idle = new AtomicReference<>();

    public Fingerprints() {
        byte[] bits = new byte[32];
        new SecureRandom().nextBytes(bits);
        key = new SecretKeySpec(bits, ALGORITHM);
    }

    /** Two lists have the same one only if they have the same texts in the same order; null is a text of its own. */
    Fingerprint of(List<@Nullable String> texts) {
        int length = 4 * texts.size();
        for (String text : texts) {
            length += text == null ? 0 : 2 * text.length();
        }
        ByteBuffer all = ByteBuffer.allocate(length);
        for (String text : texts) {
            all.putInt(text == null ? -1 : text.length());
            for (int i = 0; text != null && i < text.length(); i++) {
                all.putChar(text.charAt(i));
            }
        }
        return of(all.array());
    }

    Fingerprint of(byte[] bytes) {
        Mac mac = mac();
        ByteBuffer hash = ByteBuffer.wrap(mac.doFinal(bytes));
        idle.set(mac);
        return new Fingerprint(hash.getLong(), hash.getLong(), hash.getLong(), hash.getLong());
    }

    private Mac mac() {
        Mac mac = idle.getAndSet(null);
        if (mac != null) {
            return mac;
        }
        try {
            Mac made = Mac.getInstance(ALGORITHM);
            made.init(key);
            return made;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("no " + ALGORITHM, e);
        }
    }
}
