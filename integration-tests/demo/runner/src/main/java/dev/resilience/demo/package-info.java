/** The demo: one shop, one script of real faults, run bare and then with the agent. */
@NullMarked
package dev.resilience.demo;

import org.jspecify.annotations.NullMarked;
