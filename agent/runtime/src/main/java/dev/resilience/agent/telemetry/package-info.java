/** Signals on OpenTelemetry spans: whoever's span is current, else one of ours. */
@NullMarked
package dev.resilience.agent.telemetry;

import org.jspecify.annotations.NullMarked;
