/**
 * What a strategy of one's own is made of: when a breaker trips. How it recovers is the agent's.
 *
 * <p>Nothing here is ever called by the thread of a call, nor by two threads at once for the same judge.
 */
@NullMarked
package dev.resilience.spi;

import org.jspecify.annotations.NullMarked;
