/** Real drivers, a real pool and a real PostgreSQL, woven in this JVM. */
@NullMarked
package dev.resilience.instrumentation.jdbc;

import org.jspecify.annotations.NullMarked;
