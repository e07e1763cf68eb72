package dev.resilience.instrumentation.jdbc;

import dev.resilience.instrumentation.api.Call;
import java.io.Closeable;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/** What a piece of work has open on the network, noted by the thread that does it, so that another can end it. */
final class Wires {
    /*
     * A thread blocked in a socket is freed by whoever closes it, and by nothing else: an interrupt it does not hear. So
     * while the work runs, its thread carries these wires, the drivers' woven ways to a socket note here what they made,
     * and a cut closes all of it, and at once whatever is noted later, as a driver may try the next address.
     *
     * Under the lock stand what is noted and whether the work is over, and things are closed under it too: what outlives
     * the work is never closed, and work that is over knows whether anything was.
     */
    private static final ThreadLocal<Wires> HERE = new ThreadLocal<>();

    private final @Nullable Call work;
    private final @Nullable BooleanSupplier opening;
    private final ReentrantLock lock = new ReentrantLock();
    private @Nullable Wires outer;
    // All guarded by lock.
    private final List<Closeable> noted = new ArrayList<>(1);
    private boolean over;
    private boolean cut;
    private boolean severed;

    /** With the call that the work is for, if there is one: once that is over they are nobody's. */
    Wires(@Nullable Call work) {
        this(work, null);
    }

    /**
     * {@code opening} is asked before each is noted, on the thread of the work, whether the work goes on; else it is cut.
     * It must not throw.
     */
    Wires(@Nullable Call work, @Nullable BooleanSupplier opening) {
        this.work = work;
        this.opening = opening;
    }

    /** Those of the work this thread is doing, or null. */
    static @Nullable Wires here() {
        Wires here = HERE.get();
        if (here == null || here.work == null || here.work.isAdmitted()) {
            return here;
        }
        HERE.remove(); // after a fault of ours, which left them
        return null;
    }

    /** Notes a socket for the work of this thread. One of TLS is left out: to close it may mean to wait for its peer. */
    static void opened(Socket socket) {
        Wires here = here();
        if (here != null && !(socket instanceof SSLSocket)) {
            here.note(socket);
        }
    }

    /** Begins the work, on its thread. */
    void attach() {
        outer = here();
        HERE.set(this);
    }

    /** Ends the work, on its thread; true if it was cut before that and lost something by it. */
    boolean detach() {
        if (outer == null) {
            HERE.remove();
        } else {
            HERE.set(outer);
        }
        lock.lock();
        try {
            over = true;
            noted.clear();
            return severed;
        } finally {
            lock.unlock();
        }
    }

    /** Leaves this thread without any, after a fault: what was attached to it is cut no more. */
    static void leave() {
        HERE.remove();
    }

    void note(Closeable wire) {
        if (opening != null && !opening.getAsBoolean()) {
            cut();
        }
        lock.lock();
        try {
            if (cut) {
                sever(wire);
            } else if (!over) {
                noted.add(wire);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Lets go of one that needs no cutting any more. */
    void forget(Closeable wire) {
        lock.lock();
        try {
            noted.remove(wire);
        } finally {
            lock.unlock();
        }
    }

    /** Lets go of all, as a connection was made of them: its sockets, or null if it was made of what is cut. */
    @Nullable
    List<Socket> establish() {
        lock.lock();
        try {
            List<Socket> sockets = new ArrayList<>(1);
            for (Closeable wire : noted) {
                if (wire instanceof Socket socket && !socket.isClosed()) {
                    sockets.add(socket);
                }
            }
            noted.clear();
            return severed ? null : sockets;
        } finally {
            lock.unlock();
        }
    }

    /** Ends the work, from any thread; true if that took anything from it. */
    boolean cut() {
        lock.lock();
        try {
            if (!over) {
                cut = true;
                noted.forEach(this::sever);
                noted.clear();
            }
            return severed;
        } finally {
            lock.unlock();
        }
    }

    private void sever(Closeable wire) {
        severed = true;
        try {
            wire.close();
        } catch (Exception closed) {
            // Then nobody waits for it any more.
        }
    }
}
