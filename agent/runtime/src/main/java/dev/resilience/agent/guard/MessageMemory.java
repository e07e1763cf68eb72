package dev.resilience.agent.guard;

import dev.resilience.agent.fallback.Fields;
import dev.resilience.agent.fallback.Forbidden;
import dev.resilience.agent.fallback.MessageSnapshots;
import dev.resilience.agent.fallback.Moment;
import dev.resilience.instrumentation.api.MessageAsk;
import dev.resilience.instrumentation.api.MessageKeeper;

/** What is kept for one policy of unary calls, or of statements. */
record MessageMemory(SnapshotTable table, MessageSnapshots store) implements MessageKeeper {
    @Override
    public int mostBytes() {
        return store.mostBytesOfOne();
    }

    @Override
    public void keep(MessageAsk ask, byte[] answer) {
        Moment now = table.now();
        int bytes = ask.request().length + answer.length;
        if (!table.common().work().tryRun(bytes, () -> store.keep(asked(ask), answer, now))) {
            store.dropped();
        }
    }

    /** What was kept; throws a {@link NoSnapshot}. */
    MessageSnapshots.Given given(MessageAsk ask) {
        MessageSnapshots.Given given = store.give(asked(ask), table.now());
        if (given == null) {
            throw new NoSnapshot(Forbidden.NONE);
        }
        return given;
    }

    private static MessageSnapshots.Asked asked(MessageAsk ask) {
        return new MessageSnapshots.Asked(
                ask.authority(), ask.method(), Fields.of(ask.metadata()), ask.credentials(), ask.request());
    }
}
