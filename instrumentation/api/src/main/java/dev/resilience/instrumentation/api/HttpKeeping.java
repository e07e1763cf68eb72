package dev.resilience.instrumentation.api;

import java.net.URI;
import java.util.List;
import java.util.Map;

/** One HTTP call in the eyes of who keeps answers, and may give one that was kept. */
public interface HttpKeeping {
    /** No body is worth a copy. */
    int NOTHING = -1;

    /**
     * The head of an answer that the caller gets is there: to be told of each, as it may say that what was kept is not
     * good any more.
     *
     * @return how long a body may be that is worth a copy, or {@link #NOTHING}
     */
    int answered(int status, Map<String, List<String>> headers);

    /** An answer on the way to the final one: what a redirect to {@code uri} was answered. */
    void passed(String method, URI uri, int status, Map<String, List<String>> headers);

    /** The whole body of the answer, which {@code uri} gave. Takes the array over, and returns at once. */
    void keep(URI uri, byte[] body);
}
