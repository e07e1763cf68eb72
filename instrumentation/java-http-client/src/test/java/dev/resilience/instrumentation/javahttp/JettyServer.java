package dev.resilience.instrumentation.javahttp;

import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import org.eclipse.jetty.alpn.server.ALPNServerConnectionFactory;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpURI;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.http.MetaData;
import org.eclipse.jetty.http2.server.HTTP2CServerConnectionFactory;
import org.eclipse.jetty.http2.server.HTTP2ServerConnectionFactory;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.ssl.SslContextFactory;

/**
 * A server for HTTP/1.1 and HTTP/2, in clear and over TLS, that does what the path says: {@code /status/N} answers so,
 * {@code /hang} never answers, {@code /stall} sends a head and ten bytes of its body, {@code /echo} says what it was sent,
 * {@code /lines} and {@code /file} are three lines, {@code /redirect/N} sends to {@code /echo}, {@code /login} wants a name
 * and a password, {@code /push} pushes twice and answers, {@code /push-and-stall} pushes twice and stalls.
 */
final class JettyServer implements AutoCloseable {
    private static final String LINES = "one\ntwo\nthree\n";
    private static final String FILE = "attachment; filename=\"sent.txt\"";

    private final Server server = new Server();
    private final ServerConnector clear;
    private final ServerConnector secure;
    private final AtomicInteger arrived = new AtomicInteger();
    private final AtomicInteger abandoned = new AtomicInteger();

    JettyServer() {
        HttpConfiguration configuration = new HttpConfiguration();
        configuration.setSendDateHeader(false);
        configuration.setSendServerVersion(false);
        clear = connector(new HttpConnectionFactory(configuration), new HTTP2CServerConnectionFactory(configuration));
        ALPNServerConnectionFactory choice = new ALPNServerConnectionFactory("h2", "http/1.1");
        choice.setDefaultProtocol("http/1.1");
        secure = connector(
                new SslConnectionFactory(keys(Certificate.context()), choice.getProtocol()),
                choice,
                new HTTP2ServerConnectionFactory(configuration),
                new HttpConnectionFactory(configuration));
        server.setHandler(new Behaving());
        try {
            server.start();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static SslContextFactory.Server keys(SSLContext context) {
        SslContextFactory.Server keys = new SslContextFactory.Server();
        keys.setSslContext(context);
        return keys;
    }

    private ServerConnector connector(ConnectionFactory... protocols) {
        ServerConnector connector = new ServerConnector(server, 1, 1, protocols);
        connector.setHost("127.0.0.1");
        server.addConnector(connector);
        return connector;
    }

    URI uri(Transport transport, String path) {
        return URI.create(
                transport.isSecure()
                        ? "https://127.0.0.1:" + secure.getLocalPort() + path
                        : "http://127.0.0.1:" + clear.getLocalPort() + path);
    }

    int arrived() {
        return arrived.get();
    }

    /** How many hanging or stalled answers ended because the client reset their stream. */
    int abandoned() {
        return abandoned.get();
    }

    /** How many connections are open. */
    int connections() {
        return clear.getConnectedEndPoints().size()
                + secure.getConnectedEndPoints().size();
    }

    @Override
    public void close() {
        try {
            server.stop();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private final class Behaving extends Handler.Abstract {
        @Override
        public boolean handle(Request request, Response response, Callback callback) throws Exception {
            arrived.incrementAndGet();
            String[] parts = request.getHttpURI().getPath().split("/", -1);
            switch (parts[1]) {
                case "hang" -> abandonedBy(request, callback);
                case "stall" -> stall(request, response, callback);
                case "echo" -> answer(response, callback, 200, echo(request));
                case "lines" -> answer(response, callback, 200, LINES);
                case "file" -> {
                    response.getHeaders().put("Content-Disposition", FILE);
                    answer(response, callback, 200, LINES);
                }
                case "redirect" -> {
                    Content.Source.asString(request); // a body left unread may cost the connection
                    response.getHeaders().put(HttpHeader.LOCATION, "/echo");
                    response.getHeaders().put(HttpHeader.SET_COOKIE, "hop=1");
                    answer(response, callback, Integer.parseInt(parts[2]), "elsewhere");
                }
                case "login" -> login(request, response, callback);
                case "push" -> {
                    push(request);
                    answer(response, callback, 200, "pushed twice");
                }
                case "push-and-stall" -> {
                    push(request);
                    stall(request, response, callback);
                }
                case "pushed" -> answer(response, callback, 200, "unasked " + parts[2]);
                default -> answer(response, callback, Integer.parseInt(parts[2]), "body of " + parts[2]);
            }
            return true;
        }

        private void abandonedBy(Request request, Callback callback) {
            request.addFailureListener(failure -> {
                abandoned.incrementAndGet();
                callback.failed(failure);
            });
        }

        private void stall(Request request, Response response, Callback callback) {
            abandonedBy(request, callback);
            response.getHeaders().put("Content-Disposition", FILE);
            response.write(false, ByteBuffer.wrap("ten bytes\n".getBytes(StandardCharsets.UTF_8)), Callback.NOOP);
        }

        private String echo(Request request) throws Exception {
            StringBuilder text = new StringBuilder(request.getMethod())
                    .append(' ')
                    .append(request.getConnectionMetaData().getHttpVersion())
                    .append(" with");
            for (String name :
                    new String[] {"Content-Length", "Transfer-Encoding", "Expect", "Cookie", "Authorization", "X-Own"
                    }) {
                text.append(' ')
                        .append(name)
                        .append('=')
                        .append(request.getHeaders().get(name));
            }
            return text.append(": ").append(Content.Source.asString(request)).toString();
        }

        private void login(Request request, Response response, Callback callback) {
            String given = request.getHeaders().get(HttpHeader.AUTHORIZATION);
            if (given == null) {
                response.getHeaders().put(HttpHeader.WWW_AUTHENTICATE, "Basic realm=\"tests\"");
                answer(response, callback, 401, "who?");
            } else {
                byte[] decoded = Base64.getDecoder().decode(given.substring("Basic ".length()));
                answer(response, callback, 200, "welcome " + new String(decoded, StandardCharsets.UTF_8));
            }
        }

        private void push(Request request) {
            for (String path : new String[] {"/pushed/1", "/pushed/2"}) {
                request.push(new MetaData.Request(
                        "GET", HttpURI.build(request.getHttpURI(), path), HttpVersion.HTTP_2, HttpFields.EMPTY));
            }
        }

        private void answer(Response response, Callback callback, int status, String text) {
            byte[] body = text.getBytes(StandardCharsets.UTF_8);
            response.setStatus(status);
            response.getHeaders().put(HttpHeader.CONTENT_LENGTH, body.length);
            response.write(true, ByteBuffer.wrap(body), callback);
        }
    }
}
