/** Strategies that others wrote: loads them from their jars, and keeps their faults from ours. */
@NullMarked
package dev.resilience.agent.strategy;

import org.jspecify.annotations.NullMarked;
