/**
 * One service, run bare, with resilience4j written into it, and with the agent, on real sockets: a dependency of exact
 * capacity, a generator that never waits, and a report of what users got.
 */
@NullMarked
package dev.resilience.scenarios;

import org.jspecify.annotations.NullMarked;
