package dev.resilience.instrumentation.api;

import org.jspecify.annotations.Nullable;

/**
 * What a call asks for, in the words of its protocol: what the conditions of a policy look at. An adapter answers what
 * its protocol has and leaves the rest.
 */
public interface RequestFacts {
    /** Nothing that can be told. */
    RequestFacts NONE = new RequestFacts() {};

    /** HTTP: the first value of the header of this name, whatever its case; null if there is none. */
    default @Nullable String header(String name) {
        return null;
    }

    /** gRPC: the first value of this key in the call's metadata, given in lower case and never binary; null if there is none. */
    default @Nullable String metadata(String key) {
        return null;
    }

    /** The HTTP method, or the gRPC method without its service; null if it cannot be told. */
    default @Nullable String method() {
        return null;
    }

    /** HTTP: the host, without its port; null if it cannot be told. */
    default @Nullable String host() {
        return null;
    }

    /** HTTP: the path as sent, without the query; null if it cannot be told. */
    default @Nullable String path() {
        return null;
    }

    /** HTTP: the query as sent, without its {@code ?}; null if there is none. Conditions see names, never values. */
    default @Nullable String query() {
        return null;
    }

    /** JDBC: the statement as the application wrote it; null if it cannot be told. */
    default @Nullable String sql() {
        return null;
    }
}
