package dev.resilience.agent.guard;

/**
 * How often calls of one target were made again.
 *
 * @param retries by the agent
 * @param repeats by the application itself
 * @param refusals how often the agent did not, as nothing was left of the budget
 */
public record RetryUse(String policy, String target, long retries, long repeats, long refusals) {}
