package dev.resilience.benchmarks;

/** One operation to measure, and how to make what it works on. */
record Row(String label, Preparation preparation, boolean shared) {

    /** What is measured. What it returns is consumed, lest it be optimised away. */
    interface Operation {
        Object run() throws Exception;
    }

    /** Makes the objects of an operation, once for each forked JVM. */
    interface Preparation {
        Operation prepare() throws Exception;
    }

    /** Measured by one thread, and by two that share what was prepared. */
    static Row of(String label, Preparation preparation) {
        return new Row(label, preparation, true);
    }

    /** Measured by one thread only. */
    static Row alone(String label, Preparation preparation) {
        return new Row(label, preparation, false);
    }
}
