/**
 * Services, dependencies and their faults as discrete events on virtual time, guarded by the engine or by its peers:
 * which guard saves how many calls, in seconds instead of hours, and the same each time.
 */
@NullMarked
package dev.resilience.simulation;

import org.jspecify.annotations.NullMarked;
