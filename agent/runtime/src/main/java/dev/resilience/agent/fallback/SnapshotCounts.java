package dev.resilience.agent.fallback;

/**
 * What became of answers and of requests for them, since the start.
 *
 * @param kept answers taken in
 * @param served answers given
 * @param evicted answers that were driven out by others or grew too old
 * @param refused answers that a rule forbade to keep or to give
 * @param bytes what all that are kept now take of the heap, about
 */
public record SnapshotCounts(long kept, long served, long evicted, long refused, long bytes) {}
