package dev.resilience.agent.guard;

import dev.resilience.agent.signal.Subject;
import dev.resilience.instrumentation.api.Call;
import dev.resilience.instrumentation.api.Faults;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Looks after calls that were cut, and reports those whose work goes on all the same. */
final class LeakWatch {
    /*
     * Who cuts a call puts it here, and the thread of the timer looks again GRACE later: a queue is enough, as all wait
     * equally long. What it finds then is written down by a worker, because to look at the stack of a thread is to stop
     * it, and no deadline waits for that. The worker asks the call before and after it looked whether the work goes on,
     * so that the stack is not one of what that thread did next.
     *
     * A cancel that may take its time is given it: the call is looked at once the cancel has come back, or has had
     * PATIENCE.
     */
    static final long GRACE_NANOS = 50_000_000;
    static final int SITES = 100;

    private static final long PATIENCE_NANOS = 2_000_000_000L;
    /** Later than this our own process stood still, and so did the work. */
    private static final long LATE_NANOS = 100_000_000;

    /** What is due within this time is looked at together, so that many cuts do not wake the timer as often. */
    private static final long TOGETHER_NANOS = 10_000_000;

    private static final int WAITING = 1_000;
    private static final int IDLE_SECONDS = 5;

    /** Where work goes on: its thread, as far as that is known. */
    record Place(
            String site,
            List<StackTraceElement> stack,
            @Nullable String thread,
            Thread.@Nullable State state,
            @Nullable String waitsFor) {

        /** The stack, a frame a line. */
        String stackText() {
            StringBuilder text = new StringBuilder();
            stack.forEach(frame -> text.append(text(frame)).append('\n'));
            return text.toString();
        }
    }

    private record Watched(Call call, Cut cut, long cutAt, long dueAt, boolean again) {}

    private record Site(Subject subject, List<StackTraceElement> frames) {}

    private static final class Found {
        private final Place first;
        private final Instant since;
        private final LongAdder count = new LongAdder();

        Found(Place first, Instant since) {
            this.first = first;
            this.since = since;
        }
    }

    private final Faults faults;
    private final boolean workerOfItsOwn;
    private final ConcurrentLinkedQueue<Watched> watched = new ConcurrentLinkedQueue<>();
    private final Map<Site, Found> sites = new ConcurrentHashMap<>();
    private final LongAdder total = new LongAdder();
    private final LongAdder elsewhere = new LongAdder();
    private volatile @Nullable Consumer<String> out;
    /** Made by the first that is found: most JVMs never have one. */
    private @Nullable ThreadPoolExecutor worker;

    /** With {@code workerOfItsOwn} false, whoever turns it does all of the work. */
    LeakWatch(Faults faults, boolean workerOfItsOwn) {
        this.faults = faults;
        this.workerOfItsOwn = workerOfItsOwn;
    }

    /** Says in one line what is found at a place for the first time. */
    void tell(Consumer<String> lines) {
        out = lines;
    }

    /** This call was cut. */
    void watch(Call call, Cut cut, long now) {
        watched.add(new Watched(call, cut, now, now + GRACE_NANOS, false));
    }

    /** Looks at what is due; returns when the next is. For the thread of the timer. */
    long turn(long now) {
        Watched next = watched.peek();
        while (next != null && next.dueAt <= now) {
            watched.poll();
            if (next.call.isWorking()) {
                look(next, now);
            }
            next = watched.peek();
        }
        return next == null ? DeadlineTimer.NEVER : Math.max(next.dueAt, now + TOGETHER_NANOS);
    }

    private void look(Watched one, long now) {
        boolean stoodStill = !one.again && now - one.dueAt > LATE_NANOS;
        boolean isOnItsWay = one.call.cancelMayBlock() && !one.cut.isCancelled() && now - one.cutAt < PATIENCE_NANOS;
        if (stoodStill || isOnItsWay) {
            watched.add(new Watched(one.call, one.cut, one.cutAt, now + GRACE_NANOS, stoodStill || one.again));
        } else {
            found(one.call, one.cut.id());
        }
    }

    /** The work of this call goes on, though {@code id} cut it. */
    void found(Call call, long id) {
        if (!(call.guard() instanceof TargetGuard guard)) {
            return;
        }
        if (!workerOfItsOwn) {
            report(call, id, guard);
            return;
        }
        try {
            worker().execute(() -> report(call, id, guard));
        } catch (RejectedExecutionException tooMany) {
            total.increment();
            elsewhere.increment();
        }
    }

    private ThreadPoolExecutor worker() {
        ThreadPoolExecutor there = worker;
        if (there == null) {
            there = new ThreadPoolExecutor(
                    1,
                    1,
                    IDLE_SECONDS,
                    TimeUnit.SECONDS,
                    new LinkedBlockingQueue<>(WAITING),
                    task -> AgentThreads.daemon("leaks", task));
            there.allowCoreThreadTimeOut(true);
            worker = there;
        }
        return there;
    }

    private void report(Call call, long id, TargetGuard guard) {
        try {
            if (!call.isWorking()) {
                return;
            }
            Thread working = call.worker();
            StackTraceElement[] frames = working == null ? new StackTraceElement[0] : working.getStackTrace();
            Thread.State state = working == null ? null : working.getState();
            if (!call.isWorking()) {
                return;
            }
            List<StackTraceElement> theirs = theirs(frames);
            String site = theirs.isEmpty() ? "a place unknown" : text(theirs.get(0));
            Place place = new Place(
                    site,
                    List.of(frames),
                    working == null ? null : working.getName(),
                    state,
                    working == null ? null : Holding.of(working));
            count(new Site(guard.subject(), theirs), place, id);
            guard.tellLeak(call, id, place);
        } catch (Throwable fault) {
            faults.report("guard/leak", fault);
        }
    }

    /** Without the JDK's and ours, which vary while the work waits at one place. */
    private static List<StackTraceElement> theirs(StackTraceElement[] frames) {
        List<StackTraceElement> theirs = new ArrayList<>();
        for (StackTraceElement frame : frames) {
            String type = frame.getClassName();
            if (!type.startsWith("java.")
                    && !type.startsWith("jdk.")
                    && !type.startsWith("sun.")
                    && !type.startsWith("dev.resilience.agent.")
                    && !type.startsWith("dev.resilience.instrumentation.")) {
                theirs.add(frame);
            }
        }
        return theirs;
    }

    /** Its own text names loader and module too, on some JDKs. */
    private static String text(StackTraceElement frame) {
        String where = frame.isNativeMethod() ? "Native Method" : frame.getFileName();
        String line = frame.getLineNumber() < 0 ? "" : ":" + frame.getLineNumber();
        return frame.getClassName() + '.' + frame.getMethodName() + '(' + where + line + ')';
    }

    private void count(Site site, Place place, long id) {
        total.increment();
        Found known = sites.get(site);
        if (known == null) {
            if (sites.size() >= SITES) {
                elsewhere.increment();
                return;
            }
            known = new Found(place, InstantSource.system().instant());
            sites.put(site, known);
            say(site.subject, place, id);
        }
        known.count.increment();
    }

    private void say(Subject subject, Place place, long id) {
        Consumer<String> lines = out;
        if (lines == null) {
            return;
        }
        StringBuilder line = new StringBuilder("resilience: work goes on after its deadline, policy ")
                .append(subject.policy())
                .append(", target ")
                .append(subject.target())
                .append(", at ")
                .append(place.site);
        if (place.thread != null) {
            line.append(", thread ").append(place.thread).append(' ').append(place.state);
        }
        if (place.waitsFor != null) {
            line.append(", waits for ").append(place.waitsFor);
        }
        line.append(", decision ").append(DecisionIds.text(id)).append("; what else is found there is only counted");
        lines.accept(line.toString());
    }

    /** How many calls were found whose work went on. */
    long total() {
        return total.sum();
    }

    /** How many of them are in no list, as there were too many places, or too many at once. */
    long elsewhere() {
        return elsewhere.sum();
    }

    /** What was found, the oldest first. */
    List<Leak> leaks() {
        List<Leak> leaks = new ArrayList<>();
        sites.forEach((site, found) -> leaks.add(new Leak(
                found.first.site,
                site.subject.target(),
                site.subject.policy(),
                found.count.sum(),
                found.since,
                found.first.stack,
                found.first.thread,
                found.first.state,
                found.first.waitsFor)));
        leaks.sort(Comparator.comparing(Leak::firstSeen));
        return leaks;
    }
}
