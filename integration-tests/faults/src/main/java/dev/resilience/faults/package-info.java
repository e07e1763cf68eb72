/** Breaks the agent on command. */
@NullMarked
package dev.resilience.faults;

import org.jspecify.annotations.NullMarked;
