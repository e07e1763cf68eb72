package dev.resilience.scenarios;

import dev.resilience.scenarios.Script.Mode;
import dev.resilience.scenarios.Script.Step;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;

/** A dependency on HTTP/1.1: a virtual queue behind a socket, whose faults follow a script. */
final class Stub implements Closeable {
    /*
     * One thread does everything; others only leave it tasks. A call whose connection is gone keeps its place and its
     * server, as in a dependency that works on what nobody waits for any more.
     */
    private static final int PLACES = 2_000;
    private static final double SIGMA = 0.5;
    private static final int ANSWERED = 200;
    private static final int FAILED = 500;
    private static final int FULL = 503;

    private final Selector selector = Selector.open();
    private final ServerSocketChannel listener = ServerSocketChannel.open();
    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final int servers;
    private final double meanNanos;
    private final long seed;

    private Script script = new Script(java.util.List.of());
    private long origin = System.nanoTime();
    private Random errors;
    private VirtualQueue<Connection> queue;
    private Received received = new Received();
    private volatile boolean closed;

    Stub(int servers, double meanMillis, long seed) throws IOException {
        this.servers = servers;
        this.meanNanos = meanMillis * 1e6;
        this.seed = seed;
        this.errors = new Random(seed);
        this.queue = freshQueue();
        listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 4096);
        listener.configureBlocking(false);
        listener.register(selector, SelectionKey.OP_ACCEPT);
    }

    int port() {
        return listener.socket().getLocalPort();
    }

    /** Forgets all and follows this script, whose zero is that of {@code System.nanoTime()}. */
    void begin(long zero, Script next) {
        submit(() -> {
            script = next;
            origin = zero;
            errors = new Random(seed);
            queue = freshQueue();
            received = new Received();
        });
    }

    /** Tells what was received since, on the stub's own thread. */
    void report(java.util.function.Consumer<Received> reader) {
        submit(() -> reader.accept(received));
    }

    private VirtualQueue<Connection> freshQueue() {
        LogNormal law = new LogNormal(meanNanos, SIGMA, seed);
        return new VirtualQueue<>(servers, PLACES, at -> Math.round(law.next() * script.slowness(at)));
    }

    private void submit(Runnable task) {
        tasks.add(task);
        selector.wakeup();
    }

    /** Serves until it is closed. */
    void serve() throws IOException {
        while (!closed) {
            long next = queue.next();
            if (next == Long.MAX_VALUE) {
                selector.select();
            } else {
                long millis = Math.floorDiv(next - now() + 999_999, 1_000_000L);
                if (millis > 0) {
                    selector.select(millis);
                } else {
                    selector.selectNow();
                }
            }
            for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
                task.run();
            }
            queue.advance(now(), this::finish);
            for (SelectionKey key : selector.selectedKeys()) {
                if (!key.isValid()) {
                    continue;
                }
                if (key.isAcceptable()) {
                    accept();
                } else if (key.attachment() instanceof Connection connection) {
                    connection.read(key);
                }
            }
            selector.selectedKeys().clear();
        }
        for (SelectionKey key : selector.keys()) {
            key.channel().close();
        }
        selector.close();
    }

    private long now() {
        return System.nanoTime() - origin;
    }

    private void accept() throws IOException {
        for (SocketChannel channel = listener.accept(); channel != null; channel = listener.accept()) {
            channel.configureBlocking(false);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.register(selector, SelectionKey.OP_READ, new Connection(channel));
        }
    }

    private void request(Connection from) {
        long now = now();
        queue.advance(now, this::finish);
        received.count(now);
        Step step = script.at(now);
        if (step.mode() == Mode.REFUSE) {
            from.reset();
        } else if (step.mode() == Mode.HANG) {
            received.unanswered++;
        } else if (step.mode() == Mode.ERRORS && errors.nextDouble() < step.factor()) {
            from.answer(FAILED);
        } else if (!queue.offer(now, from)) {
            received.full++;
            from.answer(FULL);
        }
    }

    private void finish(long at, Connection to) {
        if (script.at(at).mode() == Mode.HANG) {
            received.unanswered++;
        } else if (to.channel.isOpen()) {
            received.answered++;
            to.answer(ANSWERED);
        } else {
            received.unwaited++;
        }
    }

    @Override
    public void close() {
        closed = true;
        selector.wakeup();
    }

    /** One client's connection; it has at most one request at a time. */
    private final class Connection {
        private final SocketChannel channel;
        private final ByteBuffer in = ByteBuffer.allocate(4096);

        Connection(SocketChannel channel) {
            this.channel = channel;
        }

        void read(SelectionKey key) {
            try {
                if (channel.read(in) < 0) {
                    channel.close();
                    return;
                }
            } catch (IOException e) {
                key.cancel();
                reset();
                return;
            }
            int size = in.position();
            if (size >= 4
                    && in.get(size - 1) == '\n'
                    && in.get(size - 2) == '\r'
                    && in.get(size - 3) == '\n'
                    && in.get(size - 4) == '\r') {
                in.clear();
                request(this);
            } else if (!in.hasRemaining()) {
                reset();
            }
        }

        void answer(int status) {
            String text = "HTTP/1.1 " + status + " Stub\r\nContent-Length: 5\r\n\r\nhello";
            ByteBuffer out = ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
            try {
                channel.write(out);
                if (out.hasRemaining()) {
                    reset();
                }
            } catch (IOException e) {
                reset();
            }
        }

        void reset() {
            try {
                if (channel.isOpen()) {
                    channel.setOption(StandardSocketOptions.SO_LINGER, 0);
                }
                channel.close();
            } catch (IOException e) {
                received.lost++;
            }
        }
    }
}
