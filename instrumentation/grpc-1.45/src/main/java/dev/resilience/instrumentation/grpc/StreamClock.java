package dev.resilience.instrumentation.grpc;

import dev.resilience.instrumentation.api.Call;
import dev.resilience.instrumentation.api.Contained;
import dev.resilience.instrumentation.api.Faults;
import dev.resilience.instrumentation.api.Guard;
import dev.resilience.instrumentation.api.Refusal;
import dev.resilience.instrumentation.api.StreamBudgets;
import io.grpc.ClientStreamTracer;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** How long a stream may still be silent, and live. */
final class StreamClock extends Call {
    /*
     * Messages are counted as they come off the wire, by gRPC's tracer: a caller that does not take what came, or whose
     * executor is blocked, must not be cut for that. The target is waited for while the caller has asked for more than
     * came, and, where it answers only then, once the caller has said all.
     *
     * request() and halfClose() come from the caller's threads, messages from the transport's. Which of the two moves the
     * deadline last decides, so they do so under a lock; a message costs that, one look at the clock, and one store.
     */
    private final Guard guard;
    private final Faults faults;
    private final StreamBudgets budgets;
    private final ReentrantLock lock = new ReentrantLock();
    private boolean mayAnswer;
    private boolean ended;
    private boolean watched;
    private boolean waits;
    private long beganNanos;
    private long sinceNanos;
    private long wanted;
    private long arrived;
    private @Nullable Consumer<Refusal> stop;
    private volatile String overdue = "";
    private volatile long silenceNanos;
    private volatile boolean stopped;

    StreamClock(Guard guard, Faults faults, StreamBudgets budgets, MethodType type) {
        this.guard = guard;
        this.faults = faults;
        this.budgets = budgets;
        this.mayAnswer = type != MethodType.CLIENT_STREAMING;
    }

    /** Tells it of each message that comes. */
    ClientStreamTracer.Factory tracers() {
        return new ClientStreamTracer.Factory() {
            @Override
            public ClientStreamTracer newClientStreamTracer(ClientStreamTracer.StreamInfo info, Metadata headers) {
                Contained.run(faults, "grpc/stream", () -> ended(false));
                return new ClientStreamTracer() {
                    @Override
                    public void inboundMessageRead(int number, long wireSize, long size) {
                        Contained.run(faults, "grpc/stream", () -> move(0, 1, false));
                    }

                    @Override
                    public void streamClosed(Status status) {
                        Contained.run(faults, "grpc/stream", () -> ended(true));
                    }
                };
            }
        };
    }

    /** The stream begins, its call admitted. */
    void begin(Call call, Consumer<Refusal> stopping) {
        lock.lock();
        try {
            stop = stopping;
            watched = true;
            beganNanos = System.nanoTime();
            guard.watch(this, call);
        } finally {
            lock.unlock();
        }
        move(0, 0, false);
    }

    /** Whether the target has said all it had to say, in this attempt, be it delivered or not. */
    private void ended(boolean isEnded) {
        lock.lock();
        try {
            ended = isEnded;
        } finally {
            lock.unlock();
        }
        move(0, 0, false);
    }

    void asked(int messages) {
        move(messages, 0, false);
    }

    /** The caller has said all it has to say. */
    void halfClosed() {
        move(0, 0, true);
    }

    /** It is over, well or not. */
    void end(boolean isWhole) {
        lock.lock();
        try {
            watched = false;
        } finally {
            lock.unlock();
        }
        guard.heard(this, 0, isWhole);
    }

    /** Whether it is what stopped the stream. */
    boolean hasStopped() {
        return stopped;
    }

    @Override
    public String overdue() {
        return overdue;
    }

    @Override
    public long silenceNanos() {
        return silenceNanos;
    }

    @Override
    public void cancel(Refusal refusal) {
        Consumer<Refusal> stopping = stop;
        if (stopping != null) {
            stopped = true;
            GuardedCall.CANCELS.execute(
                    Contained.task(faults, "grpc/stream", () -> stopping.accept(refusal), () -> {}));
        }
    }

    private void move(long more, long came, boolean closes) {
        lock.lock();
        try {
            wanted = Math.max(wanted, wanted + more); // who asks for all there are may ask again
            arrived += came;
            mayAnswer |= closes;
            if (watched) {
                arm(System.nanoTime(), came > 0);
            }
        } finally {
            lock.unlock();
        }
    }

    private void arm(long now, boolean moved) {
        boolean waiting = mayAnswer && !ended && wanted > arrived;
        if (moved || waiting != waits) {
            sinceNanos = now;
        }
        waits = waiting;
        boolean first = arrived == 0 && budgets.firstMessageNanos() != 0;
        long idle = first ? budgets.firstMessageNanos() : budgets.idleNanos();
        long stall = arrived == 0 ? 0 : budgets.stallNanos();
        boolean stalls = stall != 0 && (idle == 0 || stall <= idle);
        long silence = stalls ? stall : idle;
        long left = !waiting || silence == 0 ? Long.MAX_VALUE : Math.max(0, sinceNanos + silence - now);
        long total = budgets.totalNanos();
        long leftInAll = total == 0 ? Long.MAX_VALUE : Math.max(0, beganNanos + total - now);
        silenceNanos = stalls && left <= leftInAll ? stall : 0;
        if (leftInAll < left) {
            overdue = "stream not over within " + text(total);
        } else {
            overdue = (first ? "no first message of a stream within " : "no message of a stream for ") + text(silence);
        }
        guard.due(this, Math.min(left, leftInAll));
    }

    private static String text(long nanos) {
        long millis = TimeUnit.NANOSECONDS.toMillis(nanos);
        return millis % 1_000 == 0 ? millis / 1_000 + "s" : millis + "ms";
    }
}
