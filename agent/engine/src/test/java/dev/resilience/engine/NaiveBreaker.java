package dev.resilience.engine;

import static dev.resilience.engine.BreakerState.CLOSED;
import static dev.resilience.engine.BreakerState.HALF_OPEN;
import static dev.resilience.engine.BreakerState.OPEN;
import static dev.resilience.engine.Outcome.FAILURE;
import static dev.resilience.engine.Outcome.IGNORED;
import static dev.resilience.engine.Outcome.SUCCESS;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The breaker as one would write it down for one thread: every call and every outcome is an object in a list. */
final class NaiveBreaker {
    private static final long LATE = 1_000_000_000;

    /** A call under way: the position that admitted it, and whether it still has a say. */
    static final class Call {
        final int position;
        final long start;
        boolean open = true;

        Call(int position, long start) {
            this.position = position;
            this.start = start;
        }
    }

    private static final class Ended {
        final boolean failed;
        final long latency;
        long slot = Long.MAX_VALUE;
        long longSlot = Long.MAX_VALUE;

        Ended(boolean failed, long latency) {
            this.failed = failed;
            this.latency = latency;
        }
    }

    /** The percentile of one slot of the long window. */
    private record Point(long slot, double nanos) {}

    private final BreakerConfig config;
    private final List<Ended> ended = new ArrayList<>();
    private final List<Call> probes = new ArrayList<>();
    private int succeeded;
    private int failed;
    private long openSince;
    private int reopenings;
    private long lastPulse;
    private long windowBegan;

    private boolean periodBegan = true;
    private double usualP90;
    private int calmPeriods;
    private int trips;

    private final List<Point> points = new ArrayList<>();
    private final List<Ended> unjudged = new ArrayList<>();
    private final List<Ended> unnoted = new ArrayList<>();
    private long judgedSlot;
    private long notedSlot;
    private double climb;

    /** Bad periods or violations in a row. */
    private int running;

    BreakerState state = CLOSED;
    int position;

    NaiveBreaker(BreakerConfig config, long now) {
        this.config = config;
        this.lastPulse = now;
        this.windowBegan = now;
    }

    Call tryAcquire(long now) {
        boolean refused =
                state == OPEN || (state == HALF_OPEN && probes.size() + succeeded + failed == config.probes());
        if (refused && now - lastPulse > LATE) {
            pulse(now);
            return tryAcquire(now);
        }
        Call call = new Call(refused ? -1 : position, now);
        if (!refused && state == HALF_OPEN) {
            probes.add(call);
        }
        return call;
    }

    void settle(Call call, Outcome outcome, long now) {
        if (call.position != position || !call.open) {
            return;
        }
        call.open = false;
        if (state == HALF_OPEN) {
            probes.remove(call);
            succeeded += outcome == SUCCESS ? 1 : 0;
            failed += outcome == FAILURE ? 1 : 0;
            decide(now);
        } else if (outcome != IGNORED) {
            Ended one = new Ended(outcome == FAILURE, now - call.start);
            ended.add(one);
            unjudged.add(one);
            unnoted.add(one);
            if (outcome == FAILURE && now - lastPulse > LATE) {
                pulse(now);
            } else if (outcome == FAILURE) {
                trip(now);
            }
        }
    }

    void pulse(long now) {
        lastPulse = now;
        if (state == CLOSED) {
            long slot = slot(now);
            ended.stream().filter(e -> e.slot == Long.MAX_VALUE).forEach(e -> e.slot = slot);
            if (config.strategy() instanceof Strategy.TimeWindow window) {
                ended.removeIf(e -> e.slot <= slot - window.slots());
            }
            if (config.strategy() instanceof Strategy.TwoDimension two) {
                judgePeriod(two, now);
            } else if (config.strategy() instanceof Strategy.Slo slo) {
                judgeSlo(slo, now);
            } else {
                trip(now);
            }
        } else if (state == OPEN) {
            long wait = config.openFor().toNanos();
            for (int i = 0; i < reopenings; i++) {
                wait = Math.min(2 * wait, config.maxOpenFor().toNanos());
            }
            if (now - openSince >= wait) {
                move(HALF_OPEN);
                windowBegan = now;
            }
        } else {
            for (Call probe : List.copyOf(probes)) {
                if (now - probe.start >= config.probeTimeout().toNanos()) {
                    settle(probe, FAILURE, now);
                }
            }
        }
    }

    String counts() {
        return "failures=" + ended.stream().filter(e -> e.failed).count() + "/" + ended.size();
    }

    private long slot(long now) {
        return config.strategy() instanceof Strategy.TimeWindow window
                ? (now - windowBegan) / (window.window().toNanos() / window.slots())
                : 0;
    }

    private void trip(long now) {
        if (config.strategy() instanceof Strategy.Consecutive consecutive) {
            int from = ended.size() - consecutive.failures();
            if (from >= 0 && ended.subList(from, ended.size()).stream().allMatch(e -> e.failed)) {
                open(now, 0);
            }
        } else if (config.strategy() instanceof Strategy.Ewma ewma) {
            double average = 0;
            for (int i = 0; i < ended.size(); i++) {
                average += Math.max(ewma.alpha(), 1.0 / (i + 1)) * ((ended.get(i).failed ? 1 : 0) - average);
            }
            // 3 of the first 10 are 30 %, whatever doubles add up to
            if (ended.size() >= ewma.minimumCalls() && average > ewma.failureRate() + 1e-12) {
                open(now, 0);
            }
        } else if (config.strategy() instanceof Strategy.CountWindow window) {
            while (ended.size() > window.calls()) {
                ended.remove(0);
            }
            trip(window.minimumCalls(), window.failureRate(), window.slowCalls(), now);
        } else if (config.strategy() instanceof Strategy.TimeWindow window) {
            trip(window.minimumCalls(), window.failureRate(), window.slowCalls(), now);
        }
    }

    private void judgePeriod(Strategy.TwoDimension two, long now) {
        if (!periodBegan) {
            periodBegan = true;
            windowBegan = now;
        }
        Duration period = trips < two.shortPeriodAfter() ? two.period() : two.shortPeriod();
        if (now - windowBegan < period.toNanos()) {
            return;
        }
        double bound = Math.max(
                two.p90().toNanos(), Math.min(two.maxP90().toNanos(), Math.round(usualP90 * (1 + two.p90Margin()))));
        boolean enough = ended.size() >= two.minimumCalls();
        boolean failing = ended.stream().filter(e -> e.failed).count() >= two.failureRate() * ended.size();
        long p90 = ended.isEmpty() ? 0 : rankOf(ended, 0.9);
        running = enough && failing && p90 > bound ? running + 1 : 0;
        if (enough && !failing) {
            calmPeriods++;
            double usual = Latencies.valueOf(Latencies.bucketOf(p90));
            usualP90 += Math.max(0.2, 1.0 / calmPeriods) * (usual - usualP90);
        }
        ended.clear();
        windowBegan = now;
        if (running >= two.periods()) {
            trips++;
            open(now, 0);
        }
    }

    private void judgeSlo(Strategy.Slo slo, long now) {
        long shortSlot = (now - windowBegan) / (slo.shortWindow().toNanos() / slo.slots());
        long longNanos = slo.longWindow().toNanos() / slo.slots();
        long longSlot = (now - windowBegan) / longNanos;
        ended.stream().filter(e -> e.longSlot == Long.MAX_VALUE).forEach(e -> {
            e.slot = shortSlot;
            e.longSlot = longSlot;
        });
        ended.removeIf(e -> e.slot <= shortSlot - slo.slots());
        if (longSlot != notedSlot) {
            if (!unnoted.isEmpty()) {
                long percentile = rankOf(unnoted, 1 - slo.budget());
                points.add(new Point(longSlot, Latencies.valueOf(Latencies.bucketOf(percentile))));
            }
            points.removeIf(point -> point.slot <= longSlot - slo.slots());
            climb = points.size() < 2
                            || points.size() * longNanos < slo.shortWindow().toNanos()
                    ? 0
                    : slope() * 60e9 / longNanos;
            unnoted.clear();
            notedSlot = longSlot;
        }
        if (shortSlot != judgedSlot && !unjudged.isEmpty()) {
            long exceeded = ended.stream()
                    .filter(e -> e.failed || e.latency > slo.slo().toNanos())
                    .count();
            boolean violated = ended.size() >= slo.minimumCalls() && exceeded > slo.budget() * ended.size();
            running = violated ? running + 1 : 0;
            unjudged.clear();
            if (running >= slo.violations() && climb > slo.climb().toNanos()) {
                open(now, 0);
            }
        }
        judgedSlot = shortSlot;
    }

    private double slope() {
        double meanX = points.stream().mapToDouble(Point::slot).average().orElseThrow();
        double meanY = points.stream().mapToDouble(Point::nanos).average().orElseThrow();
        double covariance = points.stream()
                .mapToDouble(point -> (point.slot - meanX) * (point.nanos - meanY))
                .sum();
        double variance = points.stream()
                .mapToDouble(point -> (point.slot - meanX) * (point.slot - meanX))
                .sum();
        return covariance / variance;
    }

    private static long rankOf(List<Ended> calls, double share) {
        long[] sorted = calls.stream().mapToLong(e -> e.latency).sorted().toArray();
        int rank = BigDecimal.valueOf(share)
                .multiply(BigDecimal.valueOf(sorted.length))
                .setScale(0, RoundingMode.CEILING)
                .intValueExact();
        return sorted[Math.max(1, rank) - 1];
    }

    private void trip(int minimum, double rate, Strategy.@Nullable SlowCalls slowCalls, long now) {
        long failures = ended.stream().filter(e -> e.failed).count();
        long slow = slowCalls == null
                ? 0
                : ended.stream()
                        .filter(e -> e.latency > slowCalls.bound().toNanos())
                        .count();
        boolean tooMany = isOver(rate, failures) || (slowCalls != null && isOver(slowCalls.rate(), slow));
        if (ended.size() >= minimum && tooMany) {
            open(now, 0);
        }
    }

    private boolean isOver(double rate, long count) {
        BigDecimal bound = BigDecimal.valueOf(rate).multiply(BigDecimal.valueOf(ended.size()));
        return BigDecimal.valueOf(count).compareTo(bound) > 0;
    }

    private void decide(long now) {
        double needed = config.probes() * config.probeSuccessRate();
        if (succeeded >= needed) {
            move(CLOSED);
        } else if (config.probes() - failed < needed) {
            open(now, reopenings + 1);
        }
    }

    private void open(long now, int times) {
        move(OPEN);
        openSince = now;
        reopenings = times;
    }

    private void move(BreakerState to) {
        state = to;
        position++;
        ended.clear();
        unjudged.clear();
        unnoted.clear();
        points.clear();
        probes.clear();
        periodBegan = false;
        judgedSlot = 0;
        notedSlot = 0;
        climb = 0;
        running = 0;
        succeeded = 0;
        failed = 0;
    }
}
