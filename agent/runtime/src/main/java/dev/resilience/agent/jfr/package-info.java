/** Signals as events of the flight recorder. */
@NullMarked
package dev.resilience.agent.jfr;

import org.jspecify.annotations.NullMarked;
