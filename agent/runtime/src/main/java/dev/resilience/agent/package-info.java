/** Where the agent is put together. */
@NullMarked
package dev.resilience.agent;

import org.jspecify.annotations.NullMarked;
