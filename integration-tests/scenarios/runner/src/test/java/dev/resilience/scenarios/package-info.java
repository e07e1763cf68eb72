@NullMarked
package dev.resilience.scenarios;

import org.jspecify.annotations.NullMarked;
