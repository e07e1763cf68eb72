package dev.resilience.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** How soon each strategy opens for each kind of fault, and how often for the usual errors: the table of {@code rationale/engine.md}. */
class StrategyChoiceTest {
    private static final Path PAGE = Path.of("../../docs/rationale/engine.md");
    private static final long SECOND = 1_000_000_000;
    private static final long PULSE = SECOND / 10;
    private static final int SEEDS = 3;
    private static final double CALLS_PER_SECOND = 100;
    private static final long HEALTHY = 330 * SECOND;
    private static final long FAULTY = 300 * SECOND;

    private static final Map<String, Strategy> STRATEGIES = new LinkedHashMap<>();
    private static final Map<String, Target> FAULTS = new LinkedHashMap<>();
    private static final Map<String, Target> USUAL = new LinkedHashMap<>();

    static {
        Strategy.SlowCalls slowCalls = new Strategy.SlowCalls(Duration.ofMillis(300), 0.5);
        STRATEGIES.put("`consecutive`", new Strategy.Consecutive(5));
        STRATEGIES.put("`time-window`", Bench.TIME_WINDOW.strategy());
        STRATEGIES.put(
                "`time-window`, `slow-call: 300ms`",
                new Strategy.TimeWindow(Duration.ofSeconds(10), 10, 20, 0.5, slowCalls));
        STRATEGIES.put("`count-window`", new Strategy.CountWindow(100, 20, 0.5));
        STRATEGIES.put("`ewma`", Bench.EWMA.strategy());
        STRATEGIES.put("`ewma`, `alpha: 0.05`, `failure-rate: 20%`", new Strategy.Ewma(0.05, 20, 0.2));
        STRATEGIES.put("`two-dimension`", Bench.TWO_DIMENSION.strategy());
        STRATEGIES.put("`slo`, `slo: 800ms`", Bench.SLO.strategy());

        FAULTS.put("all fail at once", (random, since) -> fails(2));
        FAULTS.put("30 % fail at once", (random, since) -> random.nextDouble() < 0.3 ? fails(2) : usual(random));
        FAULTS.put("all hang, deadline 1 s", (random, since) -> fails(1000));
        FAULTS.put("40 times slower", (random, since) -> succeeds(40 * usual(random).millis));
        FAULTS.put(
                "40 times slower, 25 % fail",
                (random, since) -> new Ending(40 * usual(random).millis, random.nextDouble() < 0.25));
        FAULTS.put(
                "slower and slower, 400 ms a minute",
                (random, since) -> succeeds(usual(random).millis + 400.0 * since / (60 * SECOND)));
        FAULTS.put("1 % take 3 s", (random, since) -> random.nextDouble() < 0.01 ? succeeds(3000) : usual(random));

        USUAL.put("5 % errors", (random, since) -> random.nextDouble() < 0.05 ? fails(20) : usual(random));
        USUAL.put("20 % errors", (random, since) -> random.nextDouble() < 0.2 ? fails(20) : usual(random));
    }

    /** How one call of a target ends that is as it is since so long. */
    private interface Target {
        Ending call(Random random, long since);
    }

    private record Ending(double millis, boolean failed) {}

    private record UnderWay(long end, long permit, boolean failed) {}

    /** Log-normal, with a median of 20 ms, a P90 of 49 ms and a P99.9 of 174 ms. */
    private static Ending usual(Random random) {
        return succeeds(20 * StrictMath.exp(0.7 * random.nextGaussian()));
    }

    private static Ending succeeds(double millis) {
        return new Ending(millis, false);
    }

    private static Ending fails(double millis) {
        return new Ending(millis, true);
    }

    @Test
    void isTheTableOfTheRationale() throws IOException {
        StringBuilder table = new StringBuilder("| strategy |");
        FAULTS.keySet().forEach(fault -> table.append(' ').append(fault).append(" |"));
        USUAL.keySet()
                .forEach(usual ->
                        table.append(" trips in an hour at ").append(usual).append(" |"));
        table.append("\n|---|")
                .append("---:|".repeat(FAULTS.size() + USUAL.size()))
                .append('\n');
        STRATEGIES.forEach((name, strategy) -> {
            table.append("| ").append(name).append(" |");
            FAULTS.values()
                    .forEach(fault ->
                            table.append(' ').append(toOpen(strategy, fault)).append(" |"));
            USUAL.values()
                    .forEach(usual ->
                            table.append(' ').append(trips(strategy, usual)).append(" |"));
            table.append('\n');
        });
        assertThat(Files.readString(PAGE)).contains(table);
    }

    /** Seconds, the median of the seeds. */
    private static String toOpen(Strategy strategy, Target fault) {
        long[] nanos = new long[SEEDS];
        for (int seed = 0; seed < SEEDS; seed++) {
            Run run = new Run(strategy, seed);
            run.until(HEALTHY, (random, since) -> usual(random), true);
            assertThat(run.bench.transitions).isEmpty();
            run.until(HEALTHY + FAULTY, fault, true);
            nanos[seed] = run.bench.transitions.isEmpty() ? Long.MAX_VALUE : run.bench.now - HEALTHY;
        }
        Arrays.sort(nanos);
        long median = nanos[SEEDS / 2];
        return median == Long.MAX_VALUE ? "never" : String.format(Locale.ROOT, "%.1f s", (double) median / SECOND);
    }

    private static long trips(Strategy strategy, Target usual) {
        Run run = new Run(strategy, 0);
        run.until(3600 * SECOND, usual, false);
        return run.bench.transitions.stream()
                .filter(transition -> transition.startsWith("CLOSED>OPEN"))
                .count();
    }

    /** Calls that come by chance, and end when they end. */
    private static final class Run {
        final Bench bench;
        private final Random random;
        private final PriorityQueue<UnderWay> underWay = new PriorityQueue<>((a, b) -> Long.compare(a.end, b.end));
        private long nextCall;
        private long nextPulse = PULSE;

        Run(Strategy strategy, long seed) {
            bench = new Bench(Bench.config(strategy));
            random = new Random(seed);
        }

        void until(long end, Target target, boolean stopWhenOpen) {
            long begin = bench.now;
            while (bench.now < end && !(stopWhenOpen && bench.breaker.state() == BreakerState.OPEN)) {
                long nextEnd = underWay.isEmpty() ? Long.MAX_VALUE : underWay.peek().end;
                bench.now = Math.min(nextPulse, Math.min(nextCall, nextEnd));
                if (bench.now == nextEnd) {
                    UnderWay ended = underWay.remove();
                    bench.settle(ended.permit, ended.failed ? Outcome.FAILURE : Outcome.SUCCESS);
                } else if (bench.now == nextPulse) {
                    bench.pulse();
                    nextPulse += PULSE;
                } else {
                    begin(target.call(random, bench.now - begin));
                    nextCall += (long) (-StrictMath.log(1 - random.nextDouble()) / CALLS_PER_SECOND * SECOND);
                }
            }
        }

        private void begin(Ending ending) {
            long permit = bench.acquire();
            if (permit != Breaker.REFUSED) {
                underWay.add(new UnderWay(bench.now + (long) (ending.millis * 1e6), permit, ending.failed));
            }
        }
    }
}
