package dev.resilience.agent.guard;

/** Stands for the exception the adapter makes of a refusal, where telemetry is told that the call ended with one. */
final class CallRefused extends RuntimeException {
    CallRefused(String message) {
        super(message, null, false, false);
    }
}
