/**
 * What a strategy of one's own is made of: when a breaker trips. How it recovers is the agent's.
 *
 * <p>The agent's pulse calls all of it, beside the calls; no two threads ever call the same judge at once.
 */
@NullMarked
package dev.resilience.spi;

import org.jspecify.annotations.NullMarked;
