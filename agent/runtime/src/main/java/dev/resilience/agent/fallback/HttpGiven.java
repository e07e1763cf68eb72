package dev.resilience.agent.fallback;

import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * An earlier answer, to be given now.
 *
 * @param headers those of the answer that are not of its connection, with its {@code Age}
 * @param body the whole of it, only to be read
 */
@SuppressWarnings("ArrayRecordComponent") // its readers do not write, and a copy would double what it costs
public record HttpGiven(int status, Map<String, List<String>> headers, byte[] body, Duration age) {}
