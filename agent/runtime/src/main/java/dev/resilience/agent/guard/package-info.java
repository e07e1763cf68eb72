/** Joins the policies of a target in one visible order. The agent's own faults end here. */
@NullMarked
package dev.resilience.agent.guard;

import org.jspecify.annotations.NullMarked;
