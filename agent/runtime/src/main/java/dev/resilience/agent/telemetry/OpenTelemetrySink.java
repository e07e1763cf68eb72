package dev.resilience.agent.telemetry;

import dev.resilience.agent.signal.Signal;
import dev.resilience.agent.signal.Sink;
import dev.resilience.agent.signal.Subject;
import dev.resilience.agent.signal.Trace;
import dev.resilience.instrumentation.api.Faults;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.BiFunction;
import java.util.function.LongSupplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Writes signals on OpenTelemetry spans: the one that is current, whether it is the OpenTelemetry agent's or the
 * application's own; else, where an exporter is configured, a short one of ours.
 */
public final class OpenTelemetrySink implements Sink {
    /** The most that {@link #close} takes. */
    static final long FLUSH_NANOS = TimeUnit.SECONDS.toNanos(2);

    static final int EVENTS_PER_SECOND = 1_000;
    private static final int MOST_DESCRIPTIONS = 1_024;
    private static final int MARKS = 1_024;

    private final SpanApis apis;
    private final EventBudget budget;
    private final LongSupplier nanoClock;
    private final InstantSource wallClock;
    private final Faults faults;
    private final @Nullable ExportSettings settings;
    private final @Nullable OwnExport export;
    private final Map<Subject, Description> descriptions = new ConcurrentHashMap<>();
    private final AtomicReferenceArray<@Nullable String> marks = new AtomicReferenceArray<>(MARKS);

    /**
     * Reads the {@code otel.*} keys of this JVM.
     *
     * @param threads makes the agent's threads, from a name and a task
     * @param faults is told of what goes wrong here
     */
    public static OpenTelemetrySink of(BiFunction<String, Runnable, Thread> threads, Faults faults) {
        // classes, not method references: this runs before every application's main
        UnaryOperator<@Nullable String> properties = new UnaryOperator<>() {
            @Override
            public @Nullable String apply(@Nullable String key) {
                return key == null ? null : System.getProperty(key);
            }
        };
        UnaryOperator<@Nullable String> environment = new UnaryOperator<>() {
            @Override
            public @Nullable String apply(@Nullable String key) {
                return key == null ? null : System.getenv(key);
            }
        };
        LongSupplier nanoClock = new LongSupplier() {
            @Override
            public long getAsLong() {
                return System.nanoTime();
            }
        };
        return new OpenTelemetrySink(properties, environment, threads, nanoClock, InstantSource.system(), faults);
    }

    OpenTelemetrySink(
            UnaryOperator<@Nullable String> properties,
            UnaryOperator<@Nullable String> environment,
            BiFunction<String, Runnable, Thread> threads,
            LongSupplier nanoClock,
            InstantSource wallClock,
            Faults faults) {
        this.nanoClock = nanoClock;
        this.wallClock = wallClock;
        this.faults = faults;
        this.apis = new SpanApis(OpenTelemetrySink.class.getClassLoader(), nanoClock, faults);
        this.budget = new EventBudget(EVENTS_PER_SECOND, nanoClock);
        this.settings = ExportSettings.read(properties, environment, faults);
        this.export = settings == null ? null : new OwnExport(settings, threads, nanoClock, faults);
    }

    /** An OpenTelemetry API was seen in this loader of the application. Loads nothing, so a transformer may call it. */
    public void apiSeen(ClassLoader loader) {
        apis.seen(loader);
    }

    /** The {@code host:port} that our spans go to and that must never be guarded, or null. */
    public @Nullable String exemptEndpoint() {
        return settings == null ? null : settings.hostAndPort();
    }

    @Override
    public @Nullable Trace open(Subject subject) {
        try {
            LiveSpan live = apis.current();
            if (live != null) {
                return live == LiveSpan.SILENT ? null : new SpanTrace(this, live);
            }
            return exports() ? openOwn(subject) : null;
        } catch (Throwable fault) {
            report("telemetry/open", fault);
            return null;
        }
    }

    @Override
    public void accept(Signal signal) {
        try {
            LiveSpan live = apis.current();
            if (live != null) {
                new SpanTrace(this, live).accept(signal);
            } else if (exports() && signal instanceof Signal.Transition transition) {
                Map<String, Object> facts = Facts.of(transition);
                if (budget.tryTake()) {
                    OwnSpan own = own(
                            "circuit breaker " + describe(transition.subject()).name(), false, facts);
                    own.event(Facts.nameOf(transition), facts);
                    own.end(null);
                    send(own);
                }
            }
        } catch (Throwable fault) {
            report("telemetry/signal", fault);
        }
    }

    /** Sends what waits and stops exporting; takes two seconds at most. Spans of others go on being written. */
    public void close() {
        if (export != null) {
            export.close(FLUSH_NANOS);
        }
    }

    private boolean exports() {
        return export != null && !export.isClosed() && !apis.agentPresent();
    }

    private @Nullable Trace openOwn(Subject subject) {
        Description description = describe(subject);
        if (description.address().equals(exemptEndpoint())) {
            return null; // our own export, seen by a guard that should have let it alone: never a loop
        }
        return new SpanTrace(this, own(description.name(), true, description.attributes()));
    }

    private OwnSpan own(String name, boolean client, Map<String, Object> attributes) {
        Instant now = wallClock.instant();
        long epochNanos = TimeUnit.SECONDS.toNanos(now.getEpochSecond()) + now.getNano();
        boolean isSampled = settings == null || ThreadLocalRandom.current().nextDouble() < settings.sampled();
        return new OwnSpan(name, client, isSampled, attributes, epochNanos, nanoClock);
    }

    private Description describe(Subject subject) {
        Description known = descriptions.get(subject);
        if (known == null) {
            known = Description.of(subject);
            if (descriptions.size() < MOST_DESCRIPTIONS) {
                descriptions.put(subject, known);
            }
        }
        return known;
    }

    void send(OwnSpan own) {
        if (export != null && own.isSampled()) {
            export.offer(own);
        }
    }

    /** Writes an event if this second has room for one; the next that has says how many had none. */
    void write(LiveSpan span, String event, Map<String, Object> facts) {
        if (!budget.tryTake()) {
            return;
        }
        long dropped = budget.takeDropped();
        if (dropped > 0) {
            Map<String, Object> more = new LinkedHashMap<>(facts);
            more.put(Facts.DROPPED, dropped);
            span.event(event, more);
        } else {
            span.event(event, facts);
        }
    }

    /** Remembers that this span carries a decision that a plain admission must not overwrite; may forget it. */
    void mark(LiveSpan span) {
        if (!(span instanceof OwnSpan)) {
            String id = span.id();
            marks.set(id.hashCode() & (MARKS - 1), id);
        }
    }

    boolean isMarked(LiveSpan span) {
        if (span instanceof OwnSpan) {
            return false;
        }
        String id = span.id();
        return id.equals(marks.get(id.hashCode() & (MARKS - 1)));
    }

    void report(String site, Throwable fault) {
        faults.report(site, fault);
    }
}
