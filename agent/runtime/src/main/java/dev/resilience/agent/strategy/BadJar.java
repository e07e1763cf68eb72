package dev.resilience.agent.strategy;

/** A jar whose strategies cannot be used, and why. */
public final class BadJar extends Exception {
    BadJar(String reason) {
        super(reason);
    }

    BadJar(String reason, Throwable cause) {
        super(reason + ": " + cause, cause);
    }
}
