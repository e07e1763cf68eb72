/** Who is called: the normalised name of a target, free of secrets. */
@NullMarked
package dev.resilience.agent.target;

import org.jspecify.annotations.NullMarked;
