/**
 * How exactly the callers of dead dependencies are answered: with the agent, and with what is otherwise written around
 * calls, on real sockets, and what is left of the calls afterwards.
 */
@NullMarked
package dev.resilience.deadlines;

import org.jspecify.annotations.NullMarked;
