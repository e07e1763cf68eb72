package dev.resilience.instrumentation.jdbc;

import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.SocketFactory;

/** A cancel whose connection is opened shortly before the deadline of its statement, and says nothing until that is over. */
final class EarlyCancel {
    /*
     * PostgreSQL forks a process for each connection, so that a cancel that begins at the deadline is there 2 to 3 ms after
     * it. What the driver does to cancel is therefore begun before, on a socket that lets it connect and then has it wait
     * for a word: to send, or to drop it, as its statement has ended. Whoever gives the word first is obeyed, so what was
     * dropped never cancels anything. One that waits for longer than it should drops itself.
     */
    /** The one whose connection this thread is opening. */
    static final ThreadLocal<EarlyCancel> HERE = new ThreadLocal<>();

    /** Half of the agent's threads for cancels: the others are for those that send. */
    private static final Semaphore PLACES = new Semaphore(32);

    /** For a deadline that is kept late by a busy machine. */
    private static final long SLACK_NANOS = TimeUnit.MILLISECONDS.toNanos(25);

    private final long patienceNanos;
    private final CompletableFuture<Boolean> word = new CompletableFuture<>();
    private final CompletableFuture<Boolean> back = new CompletableFuture<>();
    private volatile boolean connected;
    private volatile boolean sent;
    private volatile long hiddenNanos;
    private volatile long tookNanos;

    /** Its deadline is over after so long. */
    EarlyCancel(long leadNanos) {
        this.patienceNanos = leadNanos + SLACK_NANOS;
    }

    /** Runs the driver's cancel, at most for so long; not where too many wait. */
    void run(Runnable cancel, long nanos) {
        if (PLACES.tryAcquire()) {
            try {
                runInPlace(cancel, nanos);
            } finally {
                PLACES.release();
            }
        }
    }

    private void runInPlace(Runnable cancel, long nanos) {
        long begun = System.nanoTime();
        boolean isBack = BoundedWork.run(
                () -> {
                    HERE.set(this);
                    try {
                        cancel.run();
                    } finally {
                        HERE.remove();
                    }
                },
                nanos);
        tookNanos = System.nanoTime() - begun;
        back.complete(isBack);
    }

    /** It is not under way, or not any more: nobody need wait for it. */
    void end() {
        drop();
        back.complete(true);
    }

    /** A socket of the driver's for it; of another kind than this one none can be held back. */
    Socket socket(SocketFactory given) throws IOException {
        if (given.getClass() != SocketFactory.getDefault().getClass()) {
            throw cannotWait();
        }
        return new Held();
    }

    static IOException cannotWait() {
        return new IOException("no connection that could be held back");
    }

    /** The driver would leave it open if it could not write. */
    private final class Held extends Socket {
        @Override
        public OutputStream getOutputStream() throws IOException {
            boolean isOpen = false;
            try {
                awaitWord();
                OutputStream opened = super.getOutputStream();
                sent = true;
                isOpen = true;
                return opened;
            } finally {
                if (!isOpen) {
                    close();
                }
            }
        }
    }

    /** On the driver's thread, which has connected. */
    private void awaitWord() throws IOException {
        connected = true;
        long from = System.nanoTime();
        boolean goesOn;
        try {
            goesOn = word.get(patienceNanos, TimeUnit.NANOSECONDS);
        } catch (TimeoutException | ExecutionException late) {
            goesOn = send(false);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            goesOn = send(false);
        }
        hiddenNanos = hiddenNanos + System.nanoTime() - from; // one thread writes it
        if (!goesOn) {
            throw new IOException("nothing to cancel any more");
        }
    }

    /** Has it sent, unless it was dropped; returns whether it is. */
    boolean send() {
        return send(true);
    }

    /** Has it end without a word to anybody, unless it is to be sent by now. */
    void drop() {
        send(false);
    }

    private boolean send(boolean isToBeSent) {
        word.complete(isToBeSent);
        return word.join();
    }

    /** Waits for it to come back; false if it had to be ended in a network that did not even take its connection. */
    boolean isBack() {
        return back.join() || (connected && !sent);
    }

    /** Once it is back: whether it was sent. */
    boolean isSent() {
        return sent;
    }

    /** Once it is back: how long it took, with its wait. */
    long tookNanos() {
        return tookNanos;
    }

    /** Once it is back: how long it waited. */
    long hiddenNanos() {
        return hiddenNanos;
    }
}
