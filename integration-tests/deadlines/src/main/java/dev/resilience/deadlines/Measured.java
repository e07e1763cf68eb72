package dev.resilience.deadlines;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.IntPredicate;
import java.util.function.IntToLongFunction;
import java.util.stream.LongStream;

/** What the calling program wrote down, in nanoseconds of one clock. */
final class Measured {
    /** From one wake of the meter to the next. */
    private static final long BEAT = 1_000_000;

    private static final long SECOND = 1_000_000_000;

    private final int from;
    private final long deadline;
    private final long[] intended;
    private final long[] begun;
    private final long[] ended;
    private final boolean[] cut;
    private final boolean[] connected;
    private final long[] due;
    private final long[] late;

    /** Calls before {@code from} are the warm-up. {@code due} and {@code late} are the meter's, in the order of time. */
    Measured(
            int from,
            long deadline,
            long[] intended,
            long[] begun,
            long[] ended,
            boolean[] cut,
            boolean[] connected,
            long[] due,
            long[] late) {
        this.from = from;
        this.deadline = deadline;
        this.intended = intended;
        this.begun = begun;
        this.ended = ended;
        this.cut = cut;
        this.connected = connected;
        this.due = due;
        this.late = late;
    }

    static Measured read(Path file, int from, long deadline) throws IOException {
        try (DataInputStream in = new DataInputStream(new BufferedInputStream(Files.newInputStream(file)))) {
            int calls = in.readInt();
            long[] intended = new long[calls];
            long[] begun = new long[calls];
            long[] ended = new long[calls];
            boolean[] cut = new boolean[calls];
            boolean[] connected = new boolean[calls];
            for (int i = 0; i < calls; i++) {
                intended[i] = in.readLong();
                begun[i] = in.readLong();
                ended[i] = in.readLong();
                cut[i] = in.readBoolean();
                connected[i] = in.readBoolean();
            }
            int beats = in.readInt();
            long[] due = new long[beats];
            long[] late = new long[beats];
            for (int i = 0; i < beats; i++) {
                due[i] = in.readLong();
                late[i] = in.readLong();
            }
            return new Measured(from, deadline, intended, begun, ended, cut, connected, due, late);
        }
    }

    Figures figures(Seen seen) {
        return new Figures(
                calls(),
                of(this::lateness),
                of(call -> ended[call] == 0 ? Quantiles.NEVER : ended[call] - intended[call] - deadline),
                of(this::besideTheMeter),
                meter(true),
                meter(false),
                of(this::delay),
                count(call -> delay(call) > 1_000_000),
                count(call -> ended[call] != 0 && cut[call]),
                count(call -> ended[call] != 0 && !connected[call]),
                unanswered(),
                count(call -> ended[call] != 0 && seen.isOpenAt(call, ended[call] + SECOND)));
    }

    /** In the warm-up too: what waits for ever there takes its connection from those that count. */
    private int unanswered() {
        int count = 0;
        for (long end : ended) {
            count += end == 0 ? 1 : 0;
        }
        return count;
    }

    private int calls() {
        return begun.length - from;
    }

    /**
     * A pause of 10 ms is one late wake, but five late calls of 500 a second: to compare the two, the wakes that would have
     * been due meanwhile are counted too. So does jHiccup, by HdrHistogram's {@code recordValueWithExpectedInterval}.
     */
    private Quantiles meter(boolean countsMissed) {
        long since = intended[from];
        LongStream.Builder during = LongStream.builder();
        for (int i = 0; i < due.length; i++) {
            if (due[i] - since >= 0) {
                during.add(late[i]);
                for (long missed = late[i] - BEAT; countsMissed && missed >= BEAT; missed -= BEAT) {
                    during.add(missed);
                }
            }
        }
        return Quantiles.of(during.build().toArray());
    }

    private long besideTheMeter(int call) {
        long lateness = lateness(call);
        return lateness == Quantiles.NEVER || lateness <= 0
                ? lateness
                : lateness - overdue(begun[call] + deadline, ended[call]);
    }

    private long lateness(int call) {
        return ended[call] == 0 ? Quantiles.NEVER : ended[call] - begun[call] - deadline;
    }

    private long delay(int call) {
        return begun[call] == 0 ? Quantiles.NEVER : begun[call] - intended[call];
    }

    private long overdue(long from, long to) {
        int first = Arrays.binarySearch(due, from);
        first = Math.max(0, (first < 0 ? -first - 1 : first) - 1); // the one before may last
        long sum = 0;
        for (int i = first; i < due.length && due[i] < to; i++) {
            sum += Math.max(0, Math.min(to, due[i] + late[i]) - Math.max(from, due[i]));
        }
        return sum;
    }

    private Quantiles of(IntToLongFunction nanos) {
        long[] all = new long[calls()];
        for (int i = 0; i < all.length; i++) {
            all[i] = nanos.applyAsLong(from + i);
        }
        return Quantiles.of(all);
    }

    private int count(IntPredicate which) {
        int count = 0;
        for (int call = from; call < begun.length; call++) {
            count += which.test(call) ? 1 : 0;
        }
        return count;
    }
}
