package dev.resilience.engine;

/** How a call ended, for whoever may make it again. */
public enum CallEnd {
    /** With an answer that is no fault of the target, be it a business error: that is the answer. */
    ANSWERED,
    /** With a fault of the target that it told, or the network did: it did not keep us waiting. */
    FAULT,
    /** With none: time ran out. The target may be busy with it still. */
    SILENCE,
    /** Refused by us, whatever for. */
    REFUSED,
    /** Given up by its caller. */
    CANCELLED
}
