/** Ordinary programs that know nothing of the agent. */
@NullMarked
package dev.resilience.apps;

import org.jspecify.annotations.NullMarked;
