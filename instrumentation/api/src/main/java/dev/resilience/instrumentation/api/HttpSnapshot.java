package dev.resilience.instrumentation.api;

import java.util.List;
import java.util.Map;

/**
 * An HTTP answer that was kept, to be given now.
 *
 * @param headers with its {@code Age}
 * @param body the whole of it, only to be read
 */
@SuppressWarnings("ArrayRecordComponent") // its readers do not write, and a copy would double what it costs
public record HttpSnapshot(int status, Map<String, List<String>> headers, byte[] body) {}
