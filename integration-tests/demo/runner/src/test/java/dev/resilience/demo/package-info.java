/** The demo as a stranger runs it, in a shorter form. */
@NullMarked
package dev.resilience.demo;

import org.jspecify.annotations.NullMarked;
