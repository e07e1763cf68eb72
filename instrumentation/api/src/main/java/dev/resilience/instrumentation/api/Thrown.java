package dev.resilience.instrumentation.api;

/** What exceptions made of refusals have in common beside the type their callers know, from which each must extend. */
public final class Thrown {
    /**
     * Gives {@code plain}, an exception of the client's own type, what {@code ours} has: to be written in its place, as
     * whoever reads it elsewhere has no such class as ours.
     */
    public static <T extends Throwable> T inPlaceOf(Throwable ours, T plain) {
        plain.setStackTrace(ours.getStackTrace());
        Throwable cause = ours.getCause();
        if (cause != null) {
            plain.initCause(cause);
        }
        for (Throwable suppressed : ours.getSuppressed()) {
            plain.addSuppressed(suppressed);
        }
        return plain;
    }

    /** How {@code ours} is printed: as an exception of the type it is caught by. */
    public static String text(Throwable ours) {
        String type = ours.getClass().getSuperclass().getName();
        String message = ours.getLocalizedMessage();
        return message == null ? type : type + ": " + message;
    }

    private Thrown() {}
}
