package dev.resilience.benchmarks;

/** What was measured on one JDK: rows by one thread, rows by two, and the woven shell. */
record Run(Results one, Results two, Results shell) {}
