/** A client library and its module, to weave in tests. */
@NullMarked
package dev.resilience.testkit.sample;

import org.jspecify.annotations.NullMarked;
