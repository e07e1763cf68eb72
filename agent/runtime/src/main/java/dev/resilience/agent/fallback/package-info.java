/** Answers given instead of a target's, as values no protocol owns. */
@NullMarked
package dev.resilience.agent.fallback;

import org.jspecify.annotations.NullMarked;
