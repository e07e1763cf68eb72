package dev.resilience.scenarios;

import dev.resilience.scenarios.Schedule.Arrival;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Sends requests at the times of a schedule, however many are still open, and notes each outcome. */
final class Generator {
    /*
     * One thread and one selector. A request takes the connection that was idle for the shortest time, or a new one. A
     * connection that proves closed before the first byte of its second answer is not the service's fault: the request
     * goes out again on a new one, as every HTTP client does it, and its latency still counts from the intended time.
     */
    private static final int HEADER_LIMIT = 16_384;

    private final InetSocketAddress service;
    private final long zero;
    private final List<Arrival> arrivals;
    private final long[] lags;
    private final int[] statuses;
    private final long[] latencies;
    private final Deque<Connection> idle = new ArrayDeque<>();
    private int opened;

    /** Times of the arrivals count from this value of {@code System.nanoTime()}. */
    Generator(int port, long zero, List<Arrival> arrivals) {
        this.service = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        this.zero = zero;
        this.arrivals = arrivals;
        this.lags = new long[arrivals.size()];
        this.statuses = new int[arrivals.size()];
        this.latencies = new long[arrivals.size()];
    }

    /** Sends all, and takes answers until {@code end}. */
    Outcome[] run(long end) throws IOException {
        try (Selector selector = Selector.open()) {
            int next = 0;
            for (long now = now(); now < end; now = now()) {
                while (next < arrivals.size() && arrivals.get(next).nanos() <= now) {
                    lags[next] = now - arrivals.get(next).nanos();
                    statuses[next] = Outcome.OPEN;
                    send(selector, next++);
                    now = now();
                }
                long until = next < arrivals.size() ? arrivals.get(next).nanos() : end;
                long millis = Math.floorDiv(until - now + 999_999, 1_000_000L);
                if (millis > 0) {
                    selector.select(millis);
                } else {
                    selector.selectNow();
                }
                for (SelectionKey key : selector.selectedKeys()) {
                    if (key.attachment() instanceof Connection connection) {
                        connection.ready();
                    }
                }
                selector.selectedKeys().clear();
            }
            for (SelectionKey key : selector.keys()) {
                key.channel().close();
            }
            return outcomes(end, next);
        }
    }

    /** Connections that were opened. */
    int opened() {
        return opened;
    }

    private Outcome[] outcomes(long end, int sent) {
        Outcome[] outcomes = new Outcome[sent];
        for (int index = 0; index < sent; index++) {
            Arrival arrival = arrivals.get(index);
            long latency = statuses[index] == Outcome.OPEN ? end - arrival.nanos() : latencies[index];
            outcomes[index] = new Outcome(arrival.page(), arrival.nanos(), lags[index], statuses[index], latency);
        }
        return outcomes;
    }

    private long now() {
        return System.nanoTime() - zero;
    }

    private void send(Selector selector, int index) throws IOException {
        Connection connection = idle.pollLast();
        if (connection == null) {
            connection = new Connection(selector);
        }
        connection.send(index);
    }

    private void note(int index, int status) {
        statuses[index] = status;
        latencies[index] = now() - arrivals.get(index).nanos();
    }

    /** A connection to the service, with one request at a time. */
    private final class Connection {
        private static final int NOTHING = -1;

        private final Selector selector;
        private final SocketChannel channel = SocketChannel.open();
        private final SelectionKey key;
        private final ByteBuffer in = ByteBuffer.allocate(HEADER_LIMIT);
        private int index = NOTHING;
        private boolean reused;

        Connection(Selector selector) throws IOException {
            this.selector = selector;
            opened++;
            channel.configureBlocking(false);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            key = channel.register(selector, 0, this);
        }

        void send(int request) throws IOException {
            index = request;
            try {
                if (channel.isConnected() || channel.connect(service)) {
                    write();
                } else {
                    key.interestOps(SelectionKey.OP_CONNECT);
                }
            } catch (IOException e) {
                broken();
            }
        }

        void ready() throws IOException {
            if (!key.isValid()) {
                return;
            }
            if (key.isConnectable()) {
                try {
                    channel.finishConnect();
                    write();
                } catch (IOException e) {
                    broken();
                }
            } else {
                read();
            }
        }

        private void write() throws IOException {
            String text = "GET /" + arrivals.get(index).page() + " HTTP/1.1\r\nHost: service\r\n\r\n";
            channel.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)));
            key.interestOps(SelectionKey.OP_READ);
        }

        private void read() throws IOException {
            int count;
            try {
                count = channel.read(in);
            } catch (IOException e) {
                count = -1;
            }
            if (count < 0) {
                broken();
                return;
            }
            Integer status = answer();
            if (status != null) {
                note(index, status);
                index = NOTHING;
                in.clear();
                reused = true;
                idle.addLast(this);
            }
        }

        private void broken() throws IOException {
            channel.close();
            if (index == NOTHING) {
                idle.remove(this);
            } else if (reused && in.position() == 0) {
                new Connection(selector).send(index);
            } else {
                note(index, Outcome.BROKEN);
            }
        }

        /** The status, once the whole answer is here. */
        private @Nullable Integer answer() {
            String text = new String(in.array(), 0, in.position(), StandardCharsets.US_ASCII);
            int headers = text.indexOf("\r\n\r\n");
            if (headers < 0) {
                return null;
            }
            int length = 0;
            for (String line :
                    text.substring(0, headers).toLowerCase(Locale.ROOT).split("\r\n", -1)) {
                if (line.startsWith("content-length:")) {
                    length = Integer.parseInt(
                            line.substring("content-length:".length()).trim());
                }
            }
            return in.position() >= headers + 4 + length ? Integer.valueOf(text.substring(9, 12)) : null;
        }
    }
}
