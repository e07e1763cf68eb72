package dev.resilience.agent.telemetry;

import dev.resilience.instrumentation.api.Faults;
import java.lang.ref.WeakReference;
import java.util.Arrays;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Every copy of the OpenTelemetry API in the JVM that is not ours, asked for its current span. */
final class SpanApis {
    /*
     * The OpenTelemetry agent may start before us, after us, or be attached later, so its API is looked for on the
     * first call and again at doubling intervals: a look-up that fails costs a stack trace, and most JVMs never have
     * one. Copies of applications are announced by the transformer, which must not load a class: there only the loader
     * is noted, and the next call resolves it.
     *
     * A bridge holds its application's classes. So it hangs on the application's Span class, through a ClassValue, and
     * we refer to it weakly: an application that is undeployed takes its bridge along.
     */
    private static final String SPAN = "io.opentelemetry.api.trace.Span";
    private static final long FIRST_PAUSE = TimeUnit.SECONDS.toNanos(1);
    private static final long LAST_PAUSE = TimeUnit.SECONDS.toNanos(64);
    static final int MOST_APPLICATIONS = 64;

    private final ClassLoader own;
    private final LongSupplier nanoClock;
    private final Faults faults;
    private final Object lock = new Object();
    private final ClassValue<CurrentSpan> bridges = new ClassValue<>() {
        @Override
        protected CurrentSpan computeValue(Class<?> span) {
            return bridge(span.getClassLoader());
        }
    };

    private volatile Application[] applications = {};
    private volatile @Nullable CurrentSpan agentApi;
    private volatile boolean searched;
    private volatile long searchAt;
    private volatile long pause = FIRST_PAUSE;

    SpanApis(ClassLoader own, LongSupplier nanoClock, Faults faults) {
        this.own = own;
        this.nanoClock = nanoClock;
        this.faults = faults;
    }

    private static final class Application {
        final WeakReference<ClassLoader> loader;
        volatile @Nullable WeakReference<CurrentSpan> api;
        volatile boolean broken;

        Application(ClassLoader loader) {
            this.loader = new WeakReference<>(loader);
        }
    }

    /** An API was seen in this loader. Loads nothing: called while classes are being transformed. */
    void seen(ClassLoader loader) {
        if (loader == own || loader instanceof BridgeLoader) {
            return;
        }
        synchronized (lock) {
            Application[] known = applications;
            Application[] next = new Application[known.length + 1];
            int count = 0;
            for (int i = 0; i < known.length; i++) {
                ClassLoader other = known[i].loader.get();
                if (other == loader) {
                    return;
                }
                if (other != null) {
                    next[count++] = known[i];
                }
            }
            if (count < MOST_APPLICATIONS) {
                next[count++] = new Application(loader);
                applications = Arrays.copyOf(next, count);
            }
        }
        searched = false;
    }

    /** Whether the OpenTelemetry agent is there, which has an exporter of its own. */
    boolean agentPresent() {
        return agentApi != null;
    }

    /**
     * The first recording span among those that are current; {@link LiveSpan#SILENT} when only spans that do not record
     * are; null when there is none. Allocates nothing unless a span records.
     */
    @Nullable
    LiveSpan current() {
        LiveSpan found = null;
        CurrentSpan agent = agentApi;
        if (agent == null && isDue()) {
            agent = search();
        }
        if (agent != null) {
            found = find(agent);
        }
        Application[] known = applications;
        for (int i = 0; i < known.length && (found == null || found == LiveSpan.SILENT); i++) {
            LiveSpan live = current(known[i]);
            found = live == null ? found : live;
        }
        return found;
    }

    private @Nullable LiveSpan find(CurrentSpan agent) {
        try {
            return agent.find();
        } catch (Throwable fault) {
            agentApi = () -> null;
            faults.report("telemetry/agent-api", fault);
            return null;
        }
    }

    /** One call in 64 reads the clock, which costs more than all the rest here. */
    private boolean isDue() {
        return !searched
                || ((ThreadLocalRandom.current().nextInt() & 63) == 0 && nanoClock.getAsLong() - searchAt >= 0);
    }

    private @Nullable CurrentSpan search() {
        long wait = pause;
        searchAt = nanoClock.getAsLong() + wait;
        pause = Math.min(LAST_PAUSE, wait * 2);
        searched = true;
        try {
            Class.forName(BridgeLoader.AGENT_PREFIX + SPAN, false, null);
        } catch (ClassNotFoundException absent) {
            return null;
        }
        CurrentSpan found = bridge(null);
        agentApi = found;
        return found;
    }

    private @Nullable LiveSpan current(Application application) {
        if (application.broken) {
            return null;
        }
        try {
            WeakReference<CurrentSpan> reference = application.api;
            CurrentSpan api = reference == null ? null : reference.get();
            if (api == null) {
                ClassLoader loader = application.loader.get();
                if (loader == null) {
                    return null;
                }
                api = bridges.get(Class.forName(SPAN, false, loader));
                application.api = new WeakReference<>(api);
            }
            return api.find();
        } catch (Throwable fault) {
            application.broken = true;
            faults.report("telemetry/application-api", fault);
            return null;
        }
    }

    /** A bridge that cannot be built finds nothing: said once, not tried for every call. */
    private CurrentSpan bridge(@Nullable ClassLoader application) {
        try {
            return BridgeLoader.bridge(own, application);
        } catch (Throwable fault) {
            faults.report("telemetry/bridge", fault);
            return () -> null;
        }
    }
}
