package dev.resilience.deadlines;

import dev.resilience.scenarios.Jdk;

/**
 * One kind of calls under one build, and what was left of it.
 *
 * @param open calls at work at the server at the end
 * @param within threads of the program within a call at the end
 * @param more threads of the program beside those that were there before
 * @param stolen share of the machine's processors that the hypervisor took
 * @param others processors that programs other than ours used
 */
record Run(
        Kind kind,
        Build build,
        Jdk jdk,
        Figures figures,
        int open,
        int within,
        int more,
        double stolen,
        double others) {

    /** More than this, and the figures are the machine's. */
    static final double STOLEN = 0.01;
}
