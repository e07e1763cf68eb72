package dev.resilience.agent.telemetry;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** A span of ours, kept as plain values until it is over: no class of the SDK runs on the application's thread. */
final class OwnSpan implements LiveSpan {
    private static final int MOST_EVENTS = 32;

    private final String name;
    private final boolean client;
    private final long startEpochNanos;
    private final long startNanos;
    private final LongSupplier nanoClock;
    private final Map<String, Object> attributes;
    private final List<Event> events = new ArrayList<>(2);
    private final Object lock = new Object();
    private final boolean isSampled;
    private @Nullable String traceId;
    private @Nullable String error;
    private long endNanos;

    /** Something that happened meanwhile. */
    record Event(String name, long epochNanos, Map<String, Object> attributes) {}

    /** {@code isSampled}: it is sent once it is over. */
    OwnSpan(
            String name,
            boolean client,
            boolean isSampled,
            Map<String, Object> attributes,
            long startEpochNanos,
            LongSupplier nanoClock) {
        this.name = name;
        this.client = client;
        this.isSampled = isSampled;
        this.attributes = new LinkedHashMap<>(attributes);
        this.startEpochNanos = startEpochNanos;
        this.startNanos = nanoClock.getAsLong();
        this.nanoClock = nanoClock;
    }

    /** Not its id in the trace, which the SDK gives; only to tell it from others. */
    @Override
    public String id() {
        return HexFormat.of().toHexDigits(System.identityHashCode(this));
    }

    /** One of the same call, for what comes after this one is over. */
    OwnSpan another() {
        OwnSpan another = new OwnSpan(name, client, isSampled, attributes(), now(), nanoClock);
        another.traceId = traceId();
        return another;
    }

    /** Made when it is first asked for; the SDK is given it later. Null where nobody will find it. */
    @Override
    public @Nullable String traceId() {
        if (!isSampled) {
            return null;
        }
        synchronized (lock) {
            String known = traceId;
            if (known == null) {
                ThreadLocalRandom random = ThreadLocalRandom.current();
                HexFormat hex = HexFormat.of();
                known = hex.toHexDigits(random.nextLong()) + hex.toHexDigits(random.nextLong() | 1); // 0 is none
                traceId = known;
            }
            return known;
        }
    }

    @Override
    public void set(Map<String, Object> more) {
        synchronized (lock) {
            attributes.putAll(more);
        }
    }

    @Override
    public void event(String event, Map<String, Object> facts) {
        synchronized (lock) {
            if (events.size() < MOST_EVENTS) {
                events.add(new Event(event, now(), facts));
            }
        }
    }

    /** Ends it; a null error leaves the status unset. */
    void end(@Nullable String failure) {
        synchronized (lock) {
            error = failure;
            endNanos = now();
        }
    }

    private long now() {
        return startEpochNanos + nanoClock.getAsLong() - startNanos;
    }

    String name() {
        return name;
    }

    boolean isSampled() {
        return isSampled;
    }

    boolean isClient() {
        return client;
    }

    long startEpochNanos() {
        return startEpochNanos;
    }

    long endEpochNanos() {
        synchronized (lock) {
            return endNanos;
        }
    }

    Map<String, Object> attributes() {
        synchronized (lock) {
            return Map.copyOf(attributes);
        }
    }

    List<Event> events() {
        synchronized (lock) {
            return List.copyOf(events);
        }
    }

    @Nullable
    String error() {
        synchronized (lock) {
            return error;
        }
    }
}
