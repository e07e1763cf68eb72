package dev.resilience.deadlines;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A relay before a database that loses what is sent over a connection from the first numbered statement on, and every
 * request to cancel one. It tells nobody.
 */
final class SwallowingDatabase implements Dependency {
    private static final Pattern NUMBER = Pattern.compile("/\\* call (\\d+) \\*/");
    private static final int CANCEL_REQUEST = 80_877_102;

    private final int target;
    private final Seen seen;
    private final ServerSocket listener = new ServerSocket(0, 200, InetAddress.getLoopbackAddress());
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final ExecutorService threads = Executors.newCachedThreadPool();

    SwallowingDatabase(Database database, int calls) throws IOException {
        target = database.port();
        seen = new Seen(calls);
        threads.execute(this::accept);
    }

    @Override
    public String address() {
        return Database.url(listener.getLocalPort());
    }

    @Override
    public Seen seen() {
        return seen;
    }

    @Override
    public int open() {
        return seen.open();
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket client = listener.accept();
                Socket server = new Socket(InetAddress.getLoopbackAddress(), target);
                client.setTcpNoDelay(true);
                server.setTcpNoDelay(true);
                sockets.add(client);
                sockets.add(server);
                threads.execute(() -> toServer(client, server));
                threads.execute(() -> toClient(server, client));
            } catch (IOException over) {
                return;
            }
        }
    }

    private void toServer(Socket client, Socket server) {
        int call = -1;
        boolean lost = false;
        byte[] bytes = new byte[8192];
        try (client;
                server) {
            InputStream in = client.getInputStream();
            OutputStream out = server.getOutputStream();
            for (int count = in.read(bytes); count >= 0; count = in.read(bytes)) {
                Matcher number = NUMBER.matcher(new String(bytes, 0, count, StandardCharsets.ISO_8859_1));
                if (!lost && number.find()) {
                    call = Integer.parseInt(number.group(1));
                    seen.begun(call);
                    lost = true;
                }
                lost |= count >= 8 && ByteBuffer.wrap(bytes).getInt(4) == CANCEL_REQUEST;
                if (!lost) {
                    out.write(bytes, 0, count);
                }
            }
        } catch (IOException gone) {
            // so is the other side now
        } finally {
            seen.ended(call);
            sockets.remove(client);
            sockets.remove(server);
        }
    }

    private static void toClient(Socket server, Socket client) {
        try (server;
                client) {
            server.getInputStream().transferTo(client.getOutputStream());
        } catch (IOException gone) {
            // so is the other side now
        }
    }

    @Override
    public void close() throws IOException {
        listener.close();
        for (Socket socket : sockets) {
            socket.close();
        }
        threads.shutdown();
    }
}
