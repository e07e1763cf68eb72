package dev.resilience.engine;

import java.util.function.Supplier;

/** How many calls a target can usefully have in flight, learned from how long they take. For the pulse alone. */
final class AdaptiveLimit {
    /*
     * "usual" is the median latency of the target without a queue before it. While nothing speaks against it there is no
     * limit: one that refuses without evidence sheds healthy bursts. A suspicion is that more than half of what ended, or
     * is in flight, took CONGESTED times the usual or longer; long calls are met more often than there are of them, so
     * only a cohort, the calls begun since the last decision, is evidence. It is asked ten times a second, so it has to be
     * SURE. A burst that clears by itself looks the same, but for its size and its end: CONGESTED times as many calls as
     * were in flight before without harm must be, or it must last for LASTING_NANOS. Then the limit is bound, between what
     * is in flight and what would be without the excess, and each decision from there on looks at calls begun after the
     * last change:
     *
     *   a queue       most calls take QUEUED times the usual, and more than OWN_QUEUE of our own calls wait: cut, to where
     *                 they would be NEAR it if all of the excess were queue, at most by CUT.
     *   cut in vain   the limit was cut by CUT and the latency did not follow, by less than FOLLOWED on a scale of ratios:
     *                 no queue of ours was there to be shortened. The lowest latency since the limit was bound is the
     *                 usual one now, and the limit goes back to where it was cut from.
     *   rest          it is slow, but so few of ours wait that no cut would change it; the limit grows until more do. After
     *                 RESTING decisions, and if one server for all of ours would be faster, the lowest latency is the usual
     *                 one.
     *   near          the limit grows while it refuses calls, the less the nearer it is to NEAR; after an outage by
     *                 doubling. Between NEAR and QUEUED it grows only if few of ours wait.
     *   drain         what is taken for usual could be half a queue, and nothing above would show it. So every DRAIN_NANOS
     *                 the limit goes below what the usual asks for, until it knows the latency there; the mean of both is
     *                 the usual one then. It goes back to where calls would be NEAR that, at most to where it was. Where
     *                 that takes long, because calls are few, it does so at every second multiple, at every fourth and so
     *                 on: it waits for at least DRAIN_TIMES as long as it drained.
     *
     * Others may fill the gap that we leave: then every cut is in vain. That a cut never takes more than the lowest
     * latency seen for usual keeps clients who call one target from outbidding each other, as all of them see the same
     * lowest one. And they drain at the same time, when the time of day passes a multiple of DRAIN_NANOS, which is when
     * there is less of a queue to see; a client that drains by itself sees but the queue of the others. That few calls
     * may wait for each of them, whatever the ratio, makes their shares alike.
     *
     * What our own process may have added to a latency, because it had to wait for a processor or for the collector of
     * garbage, is allowed on top of each of these bounds: the slack.
     *
     * The first usual latency is that of the first calls once MANY_TIMES as many have ended as are in flight: the median
     * of what ended is then at worst the 40 % fastest of all. In a target that is overloaded from the beginning that may
     * never come, so it does not wait longer than MANY_TIMES that median, or QUIET_NANOS.
     *
     * It is free again once it has refused nobody for QUIET_NANOS and the latency is as before, or for LONG_QUIET_NANOS.
     *
     * Where the figures come from. CONGESTED, CUT and the growth by the root are of engine's prototype and, in their kind,
     * of TCP: a queue as long as the service doubles the latency. NEAR and QUEUED are that factor's fourth root and its
     * root: the limit moves between them, and drains as far below the usual as NEAR is above it, and by OWN_QUEUE at the
     * least, or a drain would be lost in what so few clients have in flight. At half of the scale FOLLOWED would take a
     * queue for none as often as none for a queue; but the former is seen at the next drain, while the latter takes from a
     * target that has no queue at once. OWN_QUEUE is of TCP Vegas (Brakmo and Peterson, IEEE JSAC 13, 1995: 1 to 3),
     * DRAIN_NANOS and the reason for it of BBR (Cardwell and others, ACM Queue 14, 2016). DRAIN_TIMES loses less than a
     * tenth where draining halves the throughput. FEWEST is what Wilson's bound needs for a median: with fewer even all of
     * them slow proves nothing at LIKELY. ENOUGH makes the standard error of a median of log-normal latencies (sigma 0.5)
     * 11 %, less than the steps above.
     */
    private static final double CONGESTED = 2;
    private static final double QUEUED = 1.41;
    private static final double NEAR = 1.19;
    private static final double CUT = 0.6;
    private static final double FOLLOWED = 0.85;
    private static final double OWN_QUEUE = 3;
    private static final int RESTING = 3;
    private static final double GROWTH = 0.25;
    private static final double GROWTH_NEAR = 0.5;
    private static final int FEWEST = 7;
    private static final int ENOUGH = 30;
    private static final int MANY_TIMES = 4;
    private static final double FALL_NANOS = 1e9;
    private static final double RISE_NANOS = 10e9;
    private static final double FORGET_NANOS = 60e9;
    private static final long QUIET_NANOS = 1_000_000_000;
    private static final long LONG_QUIET_NANOS = 60_000_000_000L;
    private static final long LASTING_NANOS = 2_000_000_000L;
    private static final long DRAIN_NANOS = 10_000_000_000L;
    private static final int DRAIN_TIMES = 4;

    private final int least;
    private final int most;
    private double usual;
    private double slack;
    private boolean free = true;
    private boolean suspicious;
    private double limit;

    /** The most that were in flight without harm, and of late, which may turn out to be too many. */
    private double borne;

    /** For how long it has been sure that the target is congested. */
    private long surely;

    /** How many calls per nanosecond came when it last was sure. */
    private double surelyPerNano;

    private int bearing;
    private int bearingNext;
    private long sinceBorne;

    /** Calls begun before the last change that have not ended. */
    private long passing;

    // since the limit was bound
    private double usualBefore;
    private int boundAt;
    private long quiet;

    /** The lowest latency seen; 0 if none was. */
    private double lowest;

    private int resting;
    private boolean restarting;

    /** Where the limit goes back to after draining; 0 if it does not drain. */
    private double drainedFrom;

    private double drainedMedian;

    /** Since it last began to drain. */
    private long draining;

    /** At every such multiple of the time of day. */
    private long drainEvery = 1;

    /** How long it has been bound, how often the time of day had passed a multiple by then, and whether it is to drain. */
    private long sinceBound;

    private long multiple;
    private boolean isDue;

    /** Where the last cut, and the first of this congestion, began; 0 if there is none to judge. */
    private double cutFrom;

    private double cutMedian;
    private double firstFrom;
    private double firstMedian;

    AdaptiveLimit(int least, int most) {
        this.least = least;
        this.most = most;
    }

    int limit() {
        return free ? most : (int) Math.min(limit, most);
    }

    /** The usual latency; 0 if unknown. */
    double usualNanos() {
        return usual;
    }

    /** From this age a call in flight counts as slow. */
    double slowNanos() {
        return usual == 0 ? Double.POSITIVE_INFINITY : atLeast(CONGESTED);
    }

    /** So many times the usual latency, and what our own process may have added to it. */
    private double atLeast(double times) {
        return times * usual + slack;
    }

    /** How late our own process ran of late. */
    void slack(long nanos) {
        slack = nanos;
    }

    /** Begins anew from a small limit, after an outage; what is known of latencies stays. */
    void restart(int from) {
        bind(from, 0);
        restarting = true;
    }

    private void bind(double to, int inFlight) {
        free = false;
        suspicious = false;
        surely = 0;
        usualBefore = usual;
        boundAt = inFlight;
        quiet = 0;
        lowest = 0;
        resting = 0;
        restarting = false;
        drainedFrom = 0;
        sinceBound = 0;
        isDue = false;
        drainEvery = 1;
        cutFrom = 0;
        firstFrom = 0;
        change(to, inFlight);
    }

    private void change(double to, int inFlight) {
        limit = Math.max(least, to);
        passing = inFlight;
    }

    /** Whether it looks at nothing but the cohort. */
    boolean isSelective() {
        return !free || suspicious;
    }

    /** Whether calls begun before the last change are still ending, of which {@code ended} just did. */
    boolean isPassing(long ended, long nanos, long timeOfDay) {
        long multiples = Math.floorDiv(timeOfDay, DRAIN_NANOS);
        if (multiples != multiple) {
            multiple = multiples;
            isDue = sinceBound >= DRAIN_NANOS && drainedFrom == 0 && multiples % drainEvery == 0;
        }
        sinceBound += nanos;
        draining += nanos;
        sinceBorne += nanos;
        boolean isPassing = passing > 0;
        passing -= ended;
        return isPassing;
    }

    /**
     * Decides on what was seen, and on what is known of the cohort of calls begun since its last decision; false if that
     * does not suffice, and more is to be gathered.
     */
    boolean decide(Sample seen, Supplier<Sample> cohort, int inFlight) {
        if (usual == 0) {
            return begin(seen, inFlight);
        }
        return free ? decideFree(seen, cohort, inFlight) : decideBound(cohort.get(), inFlight);
    }

    /** The first calls to end are the fastest of those begun: it waits until most have. */
    private boolean begin(Sample seen, int inFlight) {
        double median = seen.median();
        boolean isWhole = seen.size() >= FEWEST
                && (seen.size() >= MANY_TIMES * inFlight || seen.nanos() >= Math.max(QUIET_NANOS, MANY_TIMES * median));
        if (isWhole) {
            usual = median;
            usualBefore = median;
        }
        return isWhole;
    }

    private boolean decideFree(Sample seen, Supplier<Sample> cohort, int inFlight) {
        suspicious = isMost(seen.above(slowNanos()), seen);
        surely = suspicious ? surely : 0;
        if (suspicious) {
            bearing = 0;
            bearingNext = 0;
            return decideSuspicious(cohort.get(), inFlight);
        }
        bear(inFlight);
        if (isTooFew(seen)) {
            return false;
        }
        learn(seen);
        return true;
    }

    /** Whether so many calls are too many is known when they have ended. */
    private void bear(int inFlight) {
        bearingNext = Math.max(bearingNext, inFlight);
        if (sinceBorne >= slowNanos()) {
            borne = Math.max(bearing, borne * Math.exp(-sinceBorne / FORGET_NANOS));
            bearing = bearingNext;
            bearingNext = 0;
            sinceBorne = 0;
        }
    }

    private boolean decideSuspicious(Sample cohort, int inFlight) {
        boolean isSure = isMost(cohort.above(slowNanos()), cohort, Evidence.SURE);
        if (isSure) {
            surely += cohort.nanos();
            surelyPerNano = (double) cohort.size() / Math.max(1, cohort.nanos());
        }
        if (surely > 0 && (inFlight > CONGESTED * borne || surely >= LASTING_NANOS)) {
            double withoutExcess = Math.min(inFlight, surelyPerNano * CONGESTED * usual);
            bind(Math.sqrt(inFlight * Math.max(1, withoutExcess)), inFlight);
            return true;
        }
        if (isSure) {
            return true;
        }
        if (cohort.nanos() < 2 * slowNanos() || isTooFew(cohort)) {
            return false;
        }
        surely = 0;
        learn(cohort);
        return true;
    }

    private boolean isTooFew(Sample seen) {
        return seen.size() < ENOUGH && !isMost(seen.size() - seen.above(slowNanos()), seen);
    }

    private boolean decideBound(Sample seen, int inFlight) {
        boolean isEnough = seen.size() >= ENOUGH;
        if (!isEnough && !isMost(seen.size() - seen.above(atLeast(NEAR)), seen)) {
            return false;
        }
        double median = seen.median();
        quiet = seen.refusals() > 0 ? 0 : quiet + seen.nanos();
        if (isEnough && (lowest == 0 || median <= lowest || drainedFrom > 0)) {
            lowest = median;
        }
        if (drainedFrom > 0) {
            if (isEnough) {
                endDrain(median, inFlight);
            }
            return isEnough;
        }
        if (isEnough) {
            judgeCut(median);
        }
        if (isOver(median)) {
            release();
        } else if (isEnough && isDue) {
            drain(median, inFlight);
        } else if (!isMost(seen.above(atLeast(QUEUED)), seen)) {
            grow(seen, median, inFlight);
        } else if (ownQueue(median) > OWN_QUEUE) {
            cut(median, inFlight);
        } else {
            rest(seen, median, inFlight);
        }
        return true;
    }

    /** How many of our own calls wait, if all of the excess is queue. */
    private double ownQueue(double median) {
        return limit * Math.max(0, 1 - atLeast(1) / median);
    }

    private boolean isOver(double median) {
        return (quiet >= QUIET_NANOS && median < CONGESTED * usualBefore + slack)
                || (quiet >= LONG_QUIET_NANOS && median < atLeast(CONGESTED));
    }

    private void release() {
        free = true;
        if (usual <= usualBefore) {
            borne = Math.max(borne, boundAt);
        }
    }

    private void drain(double median, int inFlight) {
        drainedFrom = limit;
        drainedMedian = median;
        draining = 0;
        isDue = false;
        cutFrom = 0;
        change(Math.min(limit / NEAR, limit - OWN_QUEUE) * Math.min(1, usual / median), inFlight);
    }

    private void endDrain(double median, int inFlight) {
        usual = Math.sqrt(median * usual);
        change(Math.min(drainedFrom, near(drainedFrom, drainedMedian)), inFlight);
        drainedFrom = 0;
        drainEvery = 1;
        while (drainEvery * DRAIN_NANOS < DRAIN_TIMES * draining) {
            drainEvery *= 2;
        }
    }

    /** Where this latency would be near the usual one, if all of its excess were queue. */
    private double near(double limit, double median) {
        return limit * NEAR * usual / median;
    }

    private void judgeCut(double median) {
        boolean isLowest = limit <= least;
        if (cutFrom > 0 && (isLowest || limit <= CUT * cutFrom * 1.05)) {
            if (lowest > usual && (isLowest || median > cutMedian * Math.pow(limit / cutFrom, FOLLOWED))) {
                usual = lowest;
                limit = firstMedian < NEAR * usual ? firstFrom : cutFrom;
            }
            cutFrom = 0;
        }
    }

    private void cut(double median, int inFlight) {
        if (cutFrom == 0) {
            cutFrom = limit;
            cutMedian = median;
        }
        if (firstFrom == 0) {
            firstFrom = limit;
            firstMedian = median;
        }
        resting = 0;
        change(Math.max(CUT * limit, near(limit, median)), inFlight);
    }

    private void rest(Sample seen, double median, int inFlight) {
        if (++resting >= RESTING && lowest > limit * usual) {
            usual = lowest;
            resting = 0;
        }
        growIfFewWait(seen, median, inFlight);
    }

    private void grow(Sample seen, double median, int inFlight) {
        boolean isNear = median < atLeast(NEAR);
        restarting = restarting && median < atLeast(QUEUED);
        resting = 0;
        if (isNear) {
            cutFrom = 0;
            firstFrom = 0;
            if (median < usual && seen.size() >= ENOUGH) {
                learn(seen);
            }
        }
        if (!isNear) {
            growIfFewWait(seen, median, inFlight);
        } else if (seen.refusals() > 0) {
            double missing = Math.min(1, (atLeast(NEAR) / median - 1) / (NEAR - 1));
            double step = GROWTH_NEAR * missing * Math.max(Math.sqrt(limit), (NEAR - 1) * limit);
            change(restarting ? 2 * limit : limit + step, inFlight);
        }
    }

    private void growIfFewWait(Sample seen, double median, int inFlight) {
        if (seen.refusals() > 0 && ownQueue(median) < OWN_QUEUE) {
            change(limit + GROWTH * Math.sqrt(limit), inFlight);
        }
    }

    /** The usual follows what is seen: down within a second or so, up within ten. */
    private void learn(Sample seen) {
        double median = seen.median();
        double weight = (double) seen.size() / (seen.size() + ENOUGH);
        double nanos = median < usual ? FALL_NANOS : RISE_NANOS;
        usual += (median - usual) * weight * (1 - Math.exp(-seen.nanos() / nanos));
    }

    private static boolean isMost(int hits, Sample seen) {
        return isMost(hits, seen, Evidence.LIKELY);
    }

    private static boolean isMost(int hits, Sample seen, double z) {
        return Evidence.leastShare(hits, seen.size(), z) > 0.5;
    }
}
