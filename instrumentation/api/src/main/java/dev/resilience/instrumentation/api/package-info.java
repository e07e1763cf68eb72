/**
 * What a client module and the agent know of each other: where to weave, and the face of the guard.
 *
 * <p>Types of the JDK only. Loaded once, by the agent loader; adapters see it from their module loader.
 */
@NullMarked
package dev.resilience.instrumentation.api;

import org.jspecify.annotations.NullMarked;
