package dev.resilience.it;

/** Commands to {@code dev.resilience.apps.Steady}, each with its answer. */
final class Commands {
    private final Jvm program;
    private int sent;

    Commands(Jvm program) {
        this.program = program;
    }

    String run(String command) {
        program.say(command);
        return program.awaitLine(++sent + ": ");
    }
}
