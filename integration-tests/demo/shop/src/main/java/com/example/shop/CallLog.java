package com.example.shop;

import java.io.PrintStream;
import java.util.concurrent.atomic.AtomicLong;

/** The log of the calls to others: a line when one begins, a line when it ends. */
final class CallLog {
    private final PrintStream out;
    private final AtomicLong lastCall = new AtomicLong();

    CallLog(PrintStream out) {
        this.out = out;
    }

    void listening(int port) {
        write("LISTENING " + port);
    }

    /** Returns the number of the call. */
    long begin(String name) {
        long call = lastCall.incrementAndGet();
        write("BEGIN " + call + " " + name);
        return call;
    }

    void answered(long call, long nanos, String answer) {
        write("ANSWER " + call + " " + nanos / 1000 + " " + answer);
    }

    void failed(long call, long nanos, Throwable failure) {
        write("ERROR " + call + " " + nanos / 1000 + " "
                + failure.toString().replace('\n', ' ').replace('\r', ' '));
    }

    private void write(String line) {
        out.print(line + "\n");
        out.flush();
    }
}
