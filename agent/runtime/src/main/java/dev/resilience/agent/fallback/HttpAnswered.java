package dev.resilience.agent.fallback;

import java.net.URI;

/**
 * The head of the final answer to a request.
 *
 * @param uri who gave it; another than was asked if there were redirects
 */
public record HttpAnswered(int status, URI uri, Fields fields) {}
