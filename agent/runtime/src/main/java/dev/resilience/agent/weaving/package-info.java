/** Finds client modules, matches, links and checks them. The only package that knows Byte Buddy. */
@NullMarked
package dev.resilience.agent.weaving;

import org.jspecify.annotations.NullMarked;
