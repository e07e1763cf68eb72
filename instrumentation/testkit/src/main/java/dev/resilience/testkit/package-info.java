/** What every client module is tested with. */
@NullMarked
package dev.resilience.testkit;

import org.jspecify.annotations.NullMarked;
