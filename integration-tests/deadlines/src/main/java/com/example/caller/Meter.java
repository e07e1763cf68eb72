package com.example.caller;

import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.locks.LockSupport;

/** How late the machine and this JVM are by themselves: a thread that wants to wake after each millisecond. */
final class Meter implements Runnable {
    private static final long MILLISECOND = 1_000_000;

    private long[] due = new long[1 << 16];
    private long[] late = new long[1 << 16];
    private int count;
    private volatile boolean over;

    @Override
    public void run() {
        while (!over) {
            long wake = System.nanoTime() + MILLISECOND;
            LockSupport.parkNanos(MILLISECOND);
            add(wake, Math.max(0, System.nanoTime() - wake));
        }
    }

    private synchronized void add(long wake, long nanos) {
        if (count == due.length) {
            due = Arrays.copyOf(due, 2 * count);
            late = Arrays.copyOf(late, 2 * count);
        }
        due[count] = wake;
        late[count++] = nanos;
    }

    void end() {
        over = true;
    }

    synchronized void write(DataOutputStream out) throws IOException {
        out.writeInt(count);
        for (int i = 0; i < count; i++) {
            out.writeLong(due[i]);
            out.writeLong(late[i]);
        }
    }
}
