/**
 * Guards databases: statements of any JDBC driver, and the connections they run on.
 *
 * <p>Types of the JDK only, so that one copy of this package serves every loader. It must: a pool and its driver may
 * live in different ones, and what a thread is in the middle of is known to both.
 */
@NullMarked
package dev.resilience.instrumentation.jdbc;

import org.jspecify.annotations.NullMarked;
