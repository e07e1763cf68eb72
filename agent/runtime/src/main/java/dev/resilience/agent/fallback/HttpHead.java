package dev.resilience.agent.fallback;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What has to be known of an answer to give it again.
 *
 * @param headers those that are not of its connection
 * @param varies the request headers that it depends on, in lower case and sorted
 * @param selecting what those were, or null if there are none
 * @param dateMillis when its origin made it
 * @param lifetimeMillis how old it may be and still be fresh
 * @param staleIfErrorMillis for how long it may be used when it is no longer fresh; negative where it does not say
 * @param mustRevalidate whether it must not be used at all then
 * @param stamp of its target, when it was asked for
 */
record HttpHead(
        int status,
        Map<String, List<String>> headers,
        List<String> varies,
        @Nullable Fingerprint selecting,
        long dateMillis,
        long lifetimeMillis,
        long staleIfErrorMillis,
        boolean mustRevalidate,
        int stamp) {
    private static final int OBJECTS = 112;
    private static final int OBJECTS_OF_LINE = 96;

    /** About what it takes of the heap. */
    int bytes() {
        int bytes = OBJECTS + (selecting == null ? 0 : Fingerprint.BYTES);
        for (String name : varies) {
            bytes += OBJECTS_OF_LINE + name.length();
        }
        for (Map.Entry<String, List<String>> header : headers.entrySet()) {
            bytes += header.getKey().length();
            for (String value : header.getValue()) {
                bytes += OBJECTS_OF_LINE + value.length();
            }
        }
        return bytes;
    }
}
