package dev.resilience.engine;

import static dev.resilience.engine.BreakerState.CLOSED;
import static dev.resilience.engine.BreakerState.HALF_OPEN;
import static dev.resilience.engine.BreakerState.OPEN;
import static dev.resilience.engine.Outcome.FAILURE;
import static dev.resilience.engine.Outcome.IGNORED;
import static dev.resilience.engine.Outcome.SUCCESS;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;

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
        long slot = Long.MAX_VALUE;

        Ended(boolean failed) {
            this.failed = failed;
        }
    }

    private final BreakerConfig config;
    private final List<Ended> ended = new ArrayList<>();
    private final List<Call> probes = new ArrayList<>();
    private int succeeded;
    private int failed;
    private long openSince;
    private int reopenings;
    private long lastPulse;
    private long windowBegan;

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
            ended.add(new Ended(outcome == FAILURE));
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
            trip(now);
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
        } else if (config.strategy() instanceof Strategy.CountWindow window) {
            while (ended.size() > window.calls()) {
                ended.remove(0);
            }
            trip(window.minimumCalls(), window.failureRate(), now);
        } else if (config.strategy() instanceof Strategy.TimeWindow window) {
            trip(window.minimumCalls(), window.failureRate(), now);
        }
    }

    private void trip(int minimum, double rate, long now) {
        long failures = ended.stream().filter(e -> e.failed).count();
        BigDecimal bound = BigDecimal.valueOf(rate).multiply(BigDecimal.valueOf(ended.size()));
        if (ended.size() >= minimum && BigDecimal.valueOf(failures).compareTo(bound) > 0) {
            open(now, 0);
        }
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
        probes.clear();
        succeeded = 0;
        failed = 0;
    }
}
