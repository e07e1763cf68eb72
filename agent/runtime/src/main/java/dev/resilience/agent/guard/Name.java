package dev.resilience.agent.guard;

import dev.resilience.agent.target.Target;

/** What a guard and its breaker are known by: the name of a policy, and a target. */
record Name(String policy, Target target) {}
