@NullMarked
package dev.resilience.deadlines;

import org.jspecify.annotations.NullMarked;
