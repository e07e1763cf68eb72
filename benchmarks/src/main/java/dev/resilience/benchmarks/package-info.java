/** What the agent costs a call, measured with JMH. */
@NullMarked
package dev.resilience.benchmarks;

import org.jspecify.annotations.NullMarked;
