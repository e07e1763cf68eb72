package dev.resilience.instrumentation.jdbc;

import dev.resilience.instrumentation.api.Contained;
import dev.resilience.instrumentation.api.Faults;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import javax.net.SocketFactory;

/** Another's sockets, each noted for the work of the thread that asked for it. */
final class NotingSocketFactory extends SocketFactory {
    private final SocketFactory given;
    private final Faults faults;

    NotingSocketFactory(SocketFactory given, Faults faults) {
        this.given = given;
        this.faults = faults;
    }

    @Override
    public Socket createSocket() throws IOException {
        Socket socket = given.createSocket();
        Contained.run(faults, "jdbc/socket", () -> Wires.opened(socket));
        return socket;
    }

    @Override
    public Socket createSocket(String host, int port) throws IOException {
        Socket socket = given.createSocket(host, port);
        Contained.run(faults, "jdbc/socket", () -> Wires.opened(socket));
        return socket;
    }

    @Override
    public Socket createSocket(String host, int port, InetAddress localHost, int localPort) throws IOException {
        Socket socket = given.createSocket(host, port, localHost, localPort);
        Contained.run(faults, "jdbc/socket", () -> Wires.opened(socket));
        return socket;
    }

    @Override
    public Socket createSocket(InetAddress host, int port) throws IOException {
        Socket socket = given.createSocket(host, port);
        Contained.run(faults, "jdbc/socket", () -> Wires.opened(socket));
        return socket;
    }

    @Override
    public Socket createSocket(InetAddress address, int port, InetAddress localAddress, int localPort)
            throws IOException {
        Socket socket = given.createSocket(address, port, localAddress, localPort);
        Contained.run(faults, "jdbc/socket", () -> Wires.opened(socket));
        return socket;
    }
}
