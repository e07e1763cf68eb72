package dev.resilience.agent.guard;

import dev.resilience.agent.fallback.SnapshotCounts;

/** What became of the answers to calls of one protocol that are kept for one policy. */
public record SnapshotUse(String policy, String protocol, SnapshotCounts counts) {}
