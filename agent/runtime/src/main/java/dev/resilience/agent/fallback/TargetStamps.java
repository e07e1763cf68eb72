package dev.resilience.agent.fallback;

import java.net.URI;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.jspecify.annotations.Nullable;

/** How often each HTTP target was written to, as far as this process knows. Thread-safe. */
public final class TargetStamps {
    /*
     * RFC 9111 4.4 wants everything kept for a target gone once it was written to, for every principal and every Vary.
     * Instead of looking for that, an answer has the stamp its target had when it was asked for: one that came by then,
     * and one still under way, are both told by a stamp that is not the target's any more. Targets that share a slot are
     * taken for one another, which costs an answer now and then, and gives none that should be gone.
     */
    private static final int SLOTS = 1 << 12;

    private final AtomicIntegerArray stamps = new AtomicIntegerArray(SLOTS);

    int of(HttpAsked asked) {
        return stamps.get(slot(asked.target()));
    }

    /** Tells of every answer to every call, so that those kept of a target that was written to are not given any more. */
    public void answered(HttpAsked asked, HttpAnswered answered) {
        if (!asked.isUnsafe() || answered.status() < 200 || answered.status() >= 400) {
            return;
        }
        stamps.incrementAndGet(slot(asked.target()));
        alsoIfOfTheSameOrigin(asked.uri(), answered.fields().first("Location"));
        alsoIfOfTheSameOrigin(asked.uri(), answered.fields().first("Content-Location"));
    }

    private void alsoIfOfTheSameOrigin(URI uri, @Nullable String reference) {
        if (reference == null) {
            return;
        }
        String target = HttpAsked.target(resolved(uri, reference));
        if (target.startsWith(HttpAsked.target(uri.resolve("/")))) {
            stamps.incrementAndGet(slot(target));
        }
    }

    private static URI resolved(URI uri, String reference) {
        try {
            return uri.resolve(reference.strip());
        } catch (IllegalArgumentException none) {
            return uri;
        }
    }

    private static int slot(String target) {
        int hash = target.hashCode() * 0x9E3779B9;
        return hash >>> 20;
    }
}
