package dev.resilience.agent.strategy;

/** A jar whose strategies cannot be used, and why. */
public final class Refused extends Exception {
    Refused(String reason) {
        super(reason);
    }

    Refused(String reason, Throwable cause) {
        super(reason + ": " + cause, cause);
    }
}
