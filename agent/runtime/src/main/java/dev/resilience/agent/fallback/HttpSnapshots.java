package dev.resilience.agent.fallback;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** The good answers that one policy keeps of HTTP calls, for when there is no other. Thread-safe. */
public final class HttpSnapshots {
    private final SnapshotRule rule;
    private final Fingerprints fingerprints;
    private final TargetStamps stamps;
    private final SnapshotStore store;

    /** @param nanoClock on the scale of the moments that calls are told with */
    public HttpSnapshots(SnapshotRule rule, Fingerprints fingerprints, TargetStamps stamps, LongSupplier nanoClock) {
        this.rule = rule;
        this.fingerprints = fingerprints;
        this.stamps = stamps;
        this.store = new SnapshotStore(rule, nanoClock);
    }

    /** What to ask when the answer comes to a call that is made now; null if no answer to it could be kept. */
    public @Nullable Pending asking(HttpAsked asked, Moment now) {
        return HttpCaching.keepingAnswerTo(asked) == null ? new Pending(asked, now, stamps.of(asked)) : null;
    }

    /**
     * Which earlier answer may be given instead of the one there is not; null if none.
     *
     * @param status with which the target answered now, or 0 if it did not
     */
    public @Nullable HttpGiven give(HttpAsked asked, int status, Moment now) {
        Snapshot latest = latest(asked);
        if (latest == null) {
            return null;
        }
        HttpHead head = (HttpHead) latest.head();
        long age = latest.ageMillis(now);
        if (why(asked, latest, status, now) != null) {
            store.refused();
            return null;
        }
        store.served();
        return new HttpGiven(
                head.status(), HttpCaching.given(head, age), latest.body().bytes(), Duration.ofMillis(age));
    }

    /** Why {@link #give} gives nothing; null if it does. */
    public @Nullable Forbidden whyNot(HttpAsked asked, int status, Moment now) {
        Forbidden why = HttpCaching.givingTo(asked, status);
        if (why != null) {
            return why;
        }
        Snapshot latest = latest(asked);
        return latest == null ? Forbidden.NONE : why(asked, latest, status, now);
    }

    /** Has the classes that it takes to keep an answer loaded, by whoever has the time. */
    public void warm() {
        HttpAsked nobody = new HttpAsked("GET", URI.create("http://localhost/"), Fields.NONE, false, List.of(), false);
        Moment now = Moment.now();
        HttpCaching.keeping(nobody, new HttpAnswered(200, nobody.uri(), Fields.NONE), rule.shared());
        store.warm();
        give(nobody, 0, now);
        Packed.of(new byte[2 * Packed.LARGE]).bytes();
    }

    public SnapshotCounts counts() {
        return store.counts();
    }

    private @Nullable Forbidden why(HttpAsked asked, Snapshot kept, int status, Moment now) {
        HttpHead head = (HttpHead) kept.head();
        return head.stamp() == stamps.of(asked)
                ? HttpCaching.giving(asked, head, kept.ageMillis(now), rule, status)
                : Forbidden.CHANGED;
    }

    /** Of those that the request selects, the one that its origin made last (RFC 9111 4). */
    private @Nullable Snapshot latest(HttpAsked asked) {
        Snapshot latest = null;
        for (Snapshot kept : store.all(key(asked))) {
            HttpHead head = (HttpHead) kept.head();
            if (HttpCaching.selects(head, asked, fingerprints)
                    && (latest == null || head.dateMillis() > ((HttpHead) latest.head()).dateMillis())) {
                latest = kept;
            }
        }
        return latest;
    }

    private SnapshotKey key(HttpAsked asked) {
        Principal principal = Principal.of(fingerprints, rule, asked.fields(), asked.allCredentials());
        return new SnapshotKey(asked.method() + ' ' + asked.target(), principal, null);
    }

    /** A call whose answer may be worth keeping. */
    public final class Pending {
        private final HttpAsked asked;
        private final Moment askedAt;
        private final int stamp;

        private Pending(HttpAsked asked, Moment askedAt, int stamp) {
            this.asked = asked;
            this.askedAt = askedAt;
            this.stamp = stamp;
        }

        /** Why an answer with that head must not be kept; null if it may be, and its body is worth copying. */
        public @Nullable Forbidden keeping(HttpAnswered answered) {
            Forbidden why = HttpCaching.keeping(asked, answered, rule.shared());
            return why == null && announced(answered) > mostBytes() ? Forbidden.TOO_LARGE : why;
        }

        /** Whether that says nothing against it; what it does is counted. */
        public boolean isWorthACopy(HttpAnswered answered) {
            boolean isWorthIt = keeping(answered) == null;
            if (!isWorthIt) {
                store.refused();
            }
            return isWorthIt;
        }

        /** There was no time to keep it. */
        public void dropped() {
            store.refused();
        }

        /** The longest body that is kept. */
        public int mostBytes() {
            return rule.mostBytesOfOne();
        }

        /**
         * Keeps the answer if it may be; returns why not, or null.
         *
         * @param answeredAt when the head of it came
         * @param body the whole of it, which is taken over
         */
        public @Nullable Forbidden keep(HttpAnswered answered, Moment answeredAt, byte[] body) {
            Forbidden why = keeping(answered);
            if (why == null && !isWhole(answered, body.length)) {
                why = Forbidden.INCOMPLETE;
            } else if (why == null && stamp != stamps.of(asked)) {
                why = Forbidden.CHANGED;
            } else if (why == null && body.length > mostBytes()) {
                why = Forbidden.TOO_LARGE;
            }
            if (why != null) {
                store.refused();
                return why;
            }
            HttpHead head = HttpCaching.head(asked, answered, answeredAt, rule.shared(), fingerprints, stamp);
            long age = HttpCaching.ageMillis(answered.fields(), askedAt, answeredAt);
            Packed packed = answered.fields().has("Content-Encoding") ? Packed.asIs(body) : Packed.of(body);
            Snapshot fresh = new Snapshot(head, head.bytes(), packed, answeredAt, age);
            boolean kept = store.keep(key(asked), fresh, other -> isReplaced((HttpHead) other.head()));
            return kept ? null : Forbidden.TOO_LARGE;
        }

        private boolean isWhole(HttpAnswered answered, int length) {
            long announced = announced(answered);
            return announced < 0 || announced == length;
        }

        private boolean isReplaced(HttpHead other) {
            return other.stamp() != stamp || HttpCaching.selects(other, asked, fingerprints);
        }

        /** How long the body is said to be; negative if nobody says. */
        private long announced(HttpAnswered answered) {
            String length =
                    asked.method().equals("HEAD") ? null : answered.fields().first("Content-Length");
            try {
                return length == null ? -1 : Long.parseLong(length.strip());
            } catch (NumberFormatException unreadable) {
                return -1;
            }
        }
    }
}
