package dev.resilience.instrumentation.api;

import java.util.List;
import java.util.Map;

/**
 * A call that is one message there and one back, as far as its answer depends on it.
 *
 * @param authority whom it is made to
 * @param method the full name of what it calls there
 * @param metadata the texts it is sent with
 * @param credentials what else tells for whom it is made: what the channel's connections show, say
 * @param request the message, serialised; only read
 */
@SuppressWarnings("ArrayRecordComponent") // read once, for its hash
public record MessageAsk(
        String authority,
        String method,
        Map<String, List<String>> metadata,
        List<String> credentials,
        byte[] request) {}
