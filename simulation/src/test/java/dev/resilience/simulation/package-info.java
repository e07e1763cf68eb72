@NullMarked
package dev.resilience.simulation;

import org.jspecify.annotations.NullMarked;
