/** The only classes of the agent that an application can see: the entrance, and the loader behind which the rest lives. */
@NullMarked
package dev.resilience;

import org.jspecify.annotations.NullMarked;
