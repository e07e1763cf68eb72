@NullMarked
package dev.resilience.agent.telemetry;

import org.jspecify.annotations.NullMarked;
