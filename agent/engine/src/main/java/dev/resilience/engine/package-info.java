/**
 * What to decide, and nothing else: no clock, no thread, no I/O, no logging. Time comes in as nanoseconds on any
 * scale whose differences are durations.
 */
@NullMarked
package dev.resilience.engine;

import org.jspecify.annotations.NullMarked;
