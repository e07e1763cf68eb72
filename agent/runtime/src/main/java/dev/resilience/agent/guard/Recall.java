package dev.resilience.agent.guard;

import dev.resilience.agent.fallback.Fields;
import dev.resilience.agent.fallback.Forbidden;
import dev.resilience.agent.fallback.HttpAnswered;
import dev.resilience.agent.fallback.HttpAsked;
import dev.resilience.agent.fallback.HttpGiven;
import dev.resilience.agent.fallback.HttpSnapshots;
import dev.resilience.agent.fallback.Moment;
import dev.resilience.instrumentation.api.HttpAsk;
import dev.resilience.instrumentation.api.HttpKeeper;
import dev.resilience.instrumentation.api.HttpKeeping;
import java.net.URI;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One HTTP call, between the library that makes it and what is kept for its policy. */
final class Recall implements HttpKeeping {
    private final SnapshotTable table;
    private final @Nullable HttpSnapshots store;
    private final HttpAsked asked;
    private final HttpSnapshots.@Nullable Pending pending;
    private volatile @Nullable Head head;

    private record Head(HttpAnswered answered, Moment at) {}

    private Recall(SnapshotTable table, @Nullable HttpSnapshots store, HttpAsk ask) {
        this.table = table;
        this.store = store;
        this.asked = new HttpAsked(
                ask.method(),
                ask.uri(),
                Fields.of(ask.headers()),
                ask.hasBody(),
                ask.credentials(),
                ask.addsCredentials());
        this.pending = store == null ? null : store.asking(asked, table.now());
    }

    /** @param store of the policy; null where it keeps nothing, and what it writes to may be kept for others */
    record Keeper(SnapshotTable table, @Nullable HttpSnapshots store) implements HttpKeeper {
        @Override
        public HttpKeeping asking(HttpAsk ask) {
            return new Recall(table, store, ask);
        }
    }

    /** What was kept; throws a {@link NoSnapshot}. */
    static HttpGiven given(@Nullable HttpKeeping call, int status) {
        if (!(call instanceof Recall recall) || recall.store == null) {
            throw new NoSnapshot(Forbidden.NONE);
        }
        Moment now = recall.table.now();
        HttpGiven given = recall.store.give(recall.asked, status, now);
        if (given == null) {
            Forbidden why = recall.store.whyNot(recall.asked, status, now);
            throw new NoSnapshot(why == null ? Forbidden.NONE : why);
        }
        return given;
    }

    @Override
    public int answered(int status, Map<String, List<String>> headers) {
        HttpAnswered answered = new HttpAnswered(status, asked.uri(), Fields.of(headers));
        table.common().stamps().answered(asked, answered);
        HttpSnapshots.Pending kept = pending;
        if (kept == null || !kept.isWorthACopy(answered)) {
            return NOTHING;
        }
        head = new Head(answered, table.now());
        return kept.mostBytes();
    }

    @Override
    public void passed(String method, URI uri, int status, Map<String, List<String>> headers) {
        HttpAsked hop = new HttpAsked(method, uri, Fields.NONE, false, List.of(), false);
        table.common().stamps().answered(hop, new HttpAnswered(status, uri, Fields.of(headers)));
    }

    @Override
    public void keep(URI uri, byte[] body) {
        Head known = head;
        HttpSnapshots.Pending kept = pending;
        if (known == null || kept == null) {
            return;
        }
        HttpAnswered answered = new HttpAnswered(
                known.answered().status(), uri, known.answered().fields());
        if (!table.common().work().tryRun(body.length, () -> kept.keep(answered, known.at(), body))) {
            kept.dropped();
        }
    }
}
