package dev.resilience.agent.fallback;

import java.time.Duration;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The good answers that one policy keeps of calls that are one message there and one back, or of statements and their
 * rows: the answer to the same bytes by the same method, for the same principal. Thread-safe.
 */
public final class MessageSnapshots {
    private final SnapshotRule rule;
    private final Fingerprints fingerprints;
    private final SnapshotStore store;

    /** @param nanoClock on the scale of the moments that calls are told with */
    public MessageSnapshots(SnapshotRule rule, Fingerprints fingerprints, LongSupplier nanoClock) {
        this.rule = rule;
        this.fingerprints = fingerprints;
        this.store = new SnapshotStore(rule, nanoClock);
    }

    /**
     * A call.
     *
     * @param authority whom it is made to
     * @param method the full name of what it calls there
     * @param metadata the texts it is sent with
     * @param credentials what else tells whom it is made for
     * @param request the message, serialised; only read
     */
    @SuppressWarnings("ArrayRecordComponent") // read once, for its hash
    public record Asked(String authority, String method, Fields metadata, List<String> credentials, byte[] request) {}

    /** A message that is given again. */
    @SuppressWarnings("ArrayRecordComponent") // its readers do not write, and a copy would double what it costs
    public record Given(byte[] message, Duration age) {}

    /** Keeps the answer, which is taken over; false if it is too large. */
    public boolean keep(Asked asked, byte[] answer, Moment answeredAt) {
        if (answer.length > rule.mostBytesOfOne()) {
            store.refused();
            return false;
        }
        return store.keep(key(asked), new Snapshot("", 0, Packed.of(answer), answeredAt, 0), other -> true);
    }

    /** The answer that came last to such a call; null if there is none, or it is too old. */
    public @Nullable Given give(Asked asked, Moment now) {
        List<Snapshot> all = store.all(key(asked));
        if (all.isEmpty()) {
            return null;
        }
        Snapshot latest = all.get(0);
        long age = latest.ageMillis(now);
        if (age > rule.maxAge().toMillis()) {
            store.refused();
            return null;
        }
        store.served();
        return new Given(latest.body().bytes(), Duration.ofMillis(age));
    }

    /** The longest answer that is kept. */
    public int mostBytesOfOne() {
        return rule.mostBytesOfOne();
    }

    /** There was no time to keep it. */
    public void dropped() {
        store.refused();
    }

    public SnapshotCounts counts() {
        return store.counts();
    }

    private SnapshotKey key(Asked asked) {
        return new SnapshotKey(
                asked.authority() + '/' + asked.method(),
                Principal.of(fingerprints, rule, asked.metadata(), asked.credentials()),
                fingerprints.of(asked.request()));
    }
}
