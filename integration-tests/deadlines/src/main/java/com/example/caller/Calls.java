package com.example.caller;

import java.io.DataOutputStream;
import java.io.IOException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Calls that begin at times that were set before, and when each of them began and ended in truth. */
final class Calls {
    /*
     * Each worker takes the next number and waits for that call's time. As long as a worker is free, a call begins when it
     * was meant to, however many are open. What a call notes is written by its worker, and by the thread the guard made it
     * on, before its worker counts it as answered; what is not counted by the end is read as not answered.
     */
    private final Work work;
    private final long intervalNanos;
    private final long[] begun;
    private final long[] ended;
    private final boolean[] cut;
    private final boolean[] connected;
    private final AtomicInteger next = new AtomicInteger();
    private final AtomicInteger answered = new AtomicInteger();
    private long zero;

    Calls(Work work, int count, long intervalNanos) {
        this.work = work;
        this.intervalNanos = intervalNanos;
        this.begun = new long[count];
        this.ended = new long[count];
        this.cut = new boolean[count];
        this.connected = new boolean[count];
    }

    /** Makes them all; gives up on those that are not answered so long after the last one's time. */
    void make(int workers, long patienceNanos) throws InterruptedException {
        ExecutorService threads = Executors.newFixedThreadPool(workers);
        zero = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(500);
        for (int i = 0; i < workers; i++) {
            threads.execute(this::makeNext);
        }
        long until = intended(begun.length) + patienceNanos;
        while (answered.get() < begun.length && System.nanoTime() - until < 0) {
            Thread.sleep(10);
        }
        threads.shutdown();
    }

    /** Of this number, from now on. */
    void begun(int number) {
        begun[number] = System.nanoTime();
    }

    void ended(int number) {
        ended[number] = System.nanoTime();
    }

    void connected(int number) {
        connected[number] = true;
    }

    void write(DataOutputStream out) throws IOException {
        out.writeInt(begun.length);
        for (int i = 0; i < begun.length; i++) {
            out.writeLong(intended(i));
            out.writeLong(begun[i]);
            out.writeLong(ended[i]);
            out.writeBoolean(cut[i]);
            out.writeBoolean(connected[i]);
        }
    }

    private long intended(int number) {
        return zero + number * intervalNanos;
    }

    private void makeNext() {
        for (int number = next.getAndIncrement(); number < begun.length; number = next.getAndIncrement()) {
            awaitTime(intended(number));
            begun(number);
            Throwable thrown = null;
            try {
                work.call(number, this);
            } catch (Throwable ending) {
                thrown = ending;
            }
            if (ended[number] == 0) {
                ended(number);
            }
            cut[number] = isCut(thrown);
            answered.incrementAndGet();
        }
    }

    /** Whether it was the deadline that ended a call. */
    private static boolean isCut(@Nullable Throwable thrown) {
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            String name = cause.getClass().getSimpleName();
            if (name.equals("TimeoutExceededException")
                    || name.equals("TimeoutException")
                    || String.valueOf(cause.getMessage()).contains("deadline_exhausted")) {
                return true;
            }
        }
        return false;
    }

    private static void awaitTime(long at) {
        for (long left = at - System.nanoTime(); left > 0; left = at - System.nanoTime()) {
            Thread.interrupted(); // what a guard may have left behind, and would keep us awake
            LockSupport.parkNanos(left);
        }
    }
}
