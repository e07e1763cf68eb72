/** Signals of the operating system, drain, and reload of the policies. */
@NullMarked
package dev.resilience.agent.control;

import org.jspecify.annotations.NullMarked;
