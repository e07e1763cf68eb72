package dev.resilience.it;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;
import org.eclipse.jetty.http2.RateControl;
import org.eclipse.jetty.http2.server.HTTP2CServerConnectionFactory;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.Callback;

/**
 * A server for HTTP/2 in clear: {@code /status/N} answers so, with what it was sent; {@code /hang} never answers and reads
 * nothing, {@code /head} answers with a head alone, {@code /no-end} with a body whose end never comes.
 */
final class Http2Server implements AutoCloseable {
    private final Server server = new Server();
    private final ServerConnector connector;
    private final AtomicInteger ended = new AtomicInteger();

    Http2Server() {
        HttpConfiguration configuration = new HttpConfiguration();
        HTTP2CServerConnectionFactory http2 = new HTTP2CServerConnectionFactory(configuration);
        // it would take a burst of cancelled streams for an attack
        http2.setRateControlFactory(new RateControl.Factory() {});
        connector = new ServerConnector(server, 1, 1, new HttpConnectionFactory(configuration), http2);
        connector.setHost("127.0.0.1");
        server.addConnector(connector);
        server.setHandler(new Behaving());
        try {
            server.start();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    int port() {
        return connector.getLocalPort();
    }

    /** How many streams that hung their clients have ended. */
    int ended() {
        return ended.get();
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
            String path = request.getHttpURI().getPath();
            if (path.startsWith("/status/")) {
                response.setStatus(Integer.parseInt(path.substring(8)));
                String body = "body of " + path + ": " + Content.Source.asString(request);
                response.write(true, ByteBuffer.wrap(body.getBytes(StandardCharsets.UTF_8)), callback);
            } else {
                request.addFailureListener(failure -> {
                    ended.incrementAndGet();
                    callback.failed(failure);
                });
                if (!path.equals("/hang")) {
                    String begun = path.equals("/head") ? "" : "all there is";
                    response.write(false, ByteBuffer.wrap(begun.getBytes(StandardCharsets.UTF_8)), Callback.NOOP);
                }
            }
            return true;
        }
    }
}
