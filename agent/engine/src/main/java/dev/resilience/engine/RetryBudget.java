package dev.resilience.engine;

import java.lang.invoke.ConstantBootstraps;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How many calls of one target may be made again: a share of the calls there are, and one a second where there are few.
 *
 * <p>Every {@code nowNanos} is a reading of one monotone clock on any scale, for example {@link System#nanoTime}.
 */
public final class RetryBudget {
    /*
     * A bucket of tokens in one word. Each call puts its share of a token in, each retry takes one out. A full bucket is
     * only read, so that calls of a target that is well write nothing.
     *
     * - What is in it leaks with a time constant of two seconds, down to one token: a quiet hour is no reason for a burst.
     * - Where it holds none, one is lent each second, and the bucket owes it. Whoever has ten calls a second or more pays
     *   that back; so with so many, retries are no more than the share of the calls, and what the bucket holds and may owe.
     *   Whoever has fewer reaches the most it can owe, and has one retry a second from then on.
     * - A retry that the application makes by itself is not asked for. It takes its token too, or is owed: ours give way.
     */
    private static final VarHandle BALANCE = handle("balance");
    private static final VarHandle LENT_AT = handle("lentAt");

    static final long TOKEN = 1_000_000;
    static final int MOST_TOKENS = 50;
    static final int MOST_OWED = 2;
    static final long LOAN_NANOS = 1_000_000_000;
    private static final double LEAK_NANOS = 2e9;

    /** A clock that stepped back further than a thread can be late is believed. */
    private static final long PATIENCE_NANOS = 5_000_000_000L;

    private final long share;
    private volatile long balance;
    private volatile long lentAt;
    /** The pulse's. */
    private long leakedAt;

    private final AtomicLong retries = new AtomicLong();
    private final AtomicLong repeats = new AtomicLong();
    private final AtomicLong refusals = new AtomicLong();

    /** {@code share}: how many retries each call pays for, at most 1. */
    public RetryBudget(double share, long nowNanos) {
        this.share = Math.round(share * TOKEN);
        this.lentAt = nowNanos - LOAN_NANOS;
        this.leakedAt = nowNanos;
    }

    /** A call is made that nobody made before. */
    public void called() {
        for (long seen = balance; seen < MOST_TOKENS * TOKEN; seen = balance) {
            if (BALANCE.compareAndSet(this, seen, Math.min(MOST_TOKENS * TOKEN, seen + share))) {
                return;
            }
        }
    }

    /** The application made a call again by itself. */
    public void repeated() {
        repeats.incrementAndGet();
        spend();
    }

    /** Takes what a retry of ours costs: nothing while the target has room for it; false if there is none left. */
    public boolean tryRetry(boolean hasRoom, long nowNanos) {
        boolean isGranted = hasRoom || tryTake(nowNanos);
        (isGranted ? retries : refusals).incrementAndGet();
        return isGranted;
    }

    private boolean tryTake(long nowNanos) {
        while (true) {
            long seen = balance;
            if (seen >= TOKEN) {
                if (BALANCE.compareAndSet(this, seen, seen - TOKEN)) {
                    return true;
                }
                continue;
            }
            long last = lentAt;
            long since = nowNanos - last;
            if (since < LOAN_NANOS && since > -PATIENCE_NANOS) {
                return false;
            }
            if (LENT_AT.compareAndSet(this, last, nowNanos)) {
                spend();
                return true;
            }
        }
    }

    private void spend() {
        long seen;
        do {
            seen = balance;
        } while (!BALANCE.compareAndSet(this, seen, Math.max(-MOST_OWED * TOKEN, seen - TOKEN)));
    }

    /** To be called now and then, best every 100 ms. */
    public void pulse(long nowNanos) {
        double leak = 1 - Math.exp(-Math.max(0, nowNanos - leakedAt) / LEAK_NANOS);
        leakedAt = nowNanos;
        long seen = balance;
        long leaking = (long) ((seen - TOKEN) * leak);
        if (leaking > 0) {
            BALANCE.compareAndSet(this, seen, seen - leaking); // who puts something in meanwhile has it leak next time
        }
    }

    /** Whether the target of this breaker has room for more calls than it gets: closed, not slower than usual, half idle. */
    public static boolean hasRoom(Breaker breaker) {
        return breaker.config().strategy() instanceof Strategy.Adaptive adaptive
                && adaptive.limits()
                && breaker.state() == BreakerState.CLOSED
                && !breaker.isSpared()
                && breaker.inFlight() < breaker.limit() / 2;
    }

    /** How many retries of ours there were. */
    public long retries() {
        return retries.get();
    }

    /** How many retries of the application's there were. */
    public long repeats() {
        return repeats.get();
    }

    /** How many retries of ours there were not, as nothing was left for them. */
    public long refusals() {
        return refusals.get();
    }

    /** What is left, in millionths of a retry; negative for what is owed. */
    public long balance() {
        return balance;
    }

    private static VarHandle handle(String field) {
        return ConstantBootstraps.fieldVarHandle(
                MethodHandles.lookup(), field, VarHandle.class, RetryBudget.class, long.class);
    }
}
