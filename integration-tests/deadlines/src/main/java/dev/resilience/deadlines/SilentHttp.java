package dev.resilience.deadlines;

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

/** Accepts, reads {@code GET /NUMBER}, and says nothing; one thread for all connections. */
final class SilentHttp implements Dependency {
    private final Seen seen;
    private final Selector selector = Selector.open();
    private final ServerSocketChannel listener = ServerSocketChannel.open();
    private final ByteBuffer bytes = ByteBuffer.allocate(16_384);
    private volatile boolean over;

    SilentHttp(int calls) throws IOException {
        seen = new Seen(calls);
        listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1_000);
        listener.configureBlocking(false);
        listener.register(selector, SelectionKey.OP_ACCEPT);
        Thread thread = new Thread(this::serve, "silent http");
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public String address() {
        return "http://127.0.0.1:" + listener.socket().getLocalPort();
    }

    @Override
    public Seen seen() {
        return seen;
    }

    @Override
    public int open() {
        return seen.open();
    }

    private void serve() {
        try (selector) {
            while (!over) {
                selector.select();
                for (SelectionKey key : selector.selectedKeys()) {
                    if (key.isAcceptable()) {
                        accept();
                    } else {
                        read(key);
                    }
                }
                selector.selectedKeys().clear();
            }
            for (SelectionKey key : selector.keys()) {
                key.channel().close();
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private void accept() throws IOException {
        SocketChannel client = listener.accept();
        if (client != null) {
            client.configureBlocking(false);
            client.register(selector, SelectionKey.OP_READ);
        }
    }

    private void read(SelectionKey key) throws IOException {
        SocketChannel client = (SocketChannel) key.channel();
        bytes.clear();
        int count;
        try {
            count = client.read(bytes);
        } catch (IOException reset) {
            count = -1;
        }
        if (count < 0) {
            if (key.attachment() instanceof Integer call) {
                seen.ended(call);
            }
            // a client that closes first would otherwise keep the port of each call for a minute
            client.setOption(StandardSocketOptions.SO_LINGER, 0);
            client.close();
        } else if (key.attachment() == null && count > 0) {
            String line = new String(bytes.array(), 0, count, StandardCharsets.US_ASCII);
            Integer call = Integer.valueOf(line.substring(line.indexOf('/') + 1, line.indexOf(" HTTP/")));
            seen.begun(call);
            key.attach(call);
        }
    }

    @Override
    public void close() {
        over = true;
        selector.wakeup();
    }
}
