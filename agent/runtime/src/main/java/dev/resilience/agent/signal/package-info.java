/** What happened, as sealed records, and who is told. Sinks never block a call. */
@NullMarked
package dev.resilience.agent.signal;

import org.jspecify.annotations.NullMarked;
