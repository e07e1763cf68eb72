/** Races of two threads through the engine, run millions of times by jcstress. */
@NullMarked
package dev.resilience.engine;

import org.jspecify.annotations.NullMarked;
