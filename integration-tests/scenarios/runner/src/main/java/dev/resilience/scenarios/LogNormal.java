package dev.resilience.scenarios;

import java.util.Random;

/** Seeded durations of a log-normal law with a given mean. */
final class LogNormal {
    private final double logMedian;
    private final double sigma;
    private final Random random;

    LogNormal(double meanNanos, double sigma, long seed) {
        this.logMedian = Math.log(meanNanos) - sigma * sigma / 2;
        this.sigma = sigma;
        this.random = new Random(seed);
    }

    double next() {
        return Math.exp(logMedian + sigma * random.nextGaussian());
    }
}
