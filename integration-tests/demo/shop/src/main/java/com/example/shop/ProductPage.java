package com.example.shop;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Scope;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/** The page of a product: what is in stock, what it costs, what else the visitor may like. */
final class ProductPage implements HttpHandler {
    private static final String MISSING = "not available";

    private final Tracer tracer;
    private final CallLog log;
    private final Stock stock;
    private final Prices prices;
    private final Recommendations recommendations;

    ProductPage(Tracer tracer, CallLog log, Stock stock, Prices prices, Recommendations recommendations) {
        this.tracer = tracer;
        this.log = log;
        this.stock = stock;
        this.prices = prices;
        this.recommendations = recommendations;
    }

    @Override
    public void handle(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath();
        int product = Integer.parseInt(path.substring("/product/".length()));
        Span span = tracer.spanBuilder("GET /product/{id}")
                .setSpanKind(SpanKind.SERVER)
                .setAttribute("product", product)
                .startSpan();
        String page;
        try (Scope ignored = span.makeCurrent()) {
            page = "stock: " + part("stock", () -> stock.of(product)) + "\n"
                    + "price: " + part("price", () -> prices.of(product)) + "\n"
                    + "recommendations: " + part("recommendations", () -> recommendations.near(product)) + "\n";
        } finally {
            span.end();
        }
        byte[] body = page.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(200, body.length);
        try (OutputStream out = exchange.getResponseBody()) {
            out.write(body);
        }
    }

    /** Asks for one part of the page; a page that lacks a part is better than none. */
    private String part(String name, Question question) {
        Span span = tracer.spanBuilder(name).startSpan();
        long call = log.begin(name);
        long begin = System.nanoTime();
        try (Scope ignored = span.makeCurrent()) {
            String answer = question.ask();
            log.answered(call, System.nanoTime() - begin, answer);
            return answer;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return MISSING;
        } catch (Exception e) {
            log.failed(call, System.nanoTime() - begin, e);
            span.recordException(e);
            span.setStatus(StatusCode.ERROR);
            return MISSING;
        } finally {
            span.end();
        }
    }

    private interface Question {
        String ask() throws Exception;
    }
}
