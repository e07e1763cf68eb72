/** The built jar under -javaagent: real JVMs, real servers. */
@NullMarked
package dev.resilience.it;

import org.jspecify.annotations.NullMarked;
