package dev.resilience.agent.guard;

import dev.resilience.instrumentation.api.Refusal;

/** Why the guard cut a call short, and the name of that decision. */
record Cut(Refusal refusal, long id) {}
