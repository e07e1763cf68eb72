/** Lays out the agent jar. A tool of the build. */
@NullMarked
package dev.resilience.assembly;

import org.jspecify.annotations.NullMarked;
