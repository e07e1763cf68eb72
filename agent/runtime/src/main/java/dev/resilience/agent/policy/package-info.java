/** Policy text, from properties, environment and YAML, verified into immutable records. */
@NullMarked
package dev.resilience.agent.policy;

import org.jspecify.annotations.NullMarked;
