package dev.resilience.instrumentation.jdbc;

import dev.resilience.instrumentation.api.RequestFacts;

/** A statement, as the conditions of a policy see it. */
record AskedStatement(String sql) implements RequestFacts {}
