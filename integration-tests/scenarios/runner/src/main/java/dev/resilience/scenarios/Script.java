package dev.resilience.scenarios;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What goes wrong with a dependency, and when.
 *
 * @param steps in the order of time; before the first one all is well
 */
record Script(List<Step> steps) {
    private static final Step WELL = new Step(0, Mode.OK, 1);

    /** What a dependency does with the calls it receives. */
    enum Mode {
        OK,
        /** Each call takes {@code factor} times as long. */
        SLOW,
        /** Accepts and never answers. */
        HANG,
        /** Closes each connection that asks for something. */
        REFUSE,
        /** Answers the share {@code factor} of the calls with status 500 at once. */
        ERRORS
    }

    /**
     * One line of the file.
     *
     * @param fromNanos since the start of the run
     */
    record Step(long fromNanos, Mode mode, double factor) {}

    Script {
        steps = List.copyOf(steps);
    }

    /** Reads lines of {@code seconds, mode, factor}; what follows a {@code #} is a comment. */
    static Script read(Path file) throws IOException {
        List<Step> steps = new ArrayList<>();
        for (String line : Files.readAllLines(file)) {
            String text = line.replaceFirst("#.*", "").trim();
            if (!text.isEmpty()) {
                String[] parts = text.split("\\s*,\\s*", -1);
                steps.add(new Step(
                        Math.round(Double.parseDouble(parts[0]) * 1e9),
                        Mode.valueOf(parts[1].toUpperCase(Locale.ROOT)),
                        Double.parseDouble(parts[2])));
            }
        }
        return new Script(steps);
    }

    Step at(long nanos) {
        Step current = WELL;
        for (Step step : steps) {
            if (step.fromNanos > nanos) {
                break;
            }
            current = step;
        }
        return current;
    }

    /** How much longer than usual a call takes that is begun then. */
    double slowness(long nanos) {
        Step step = at(nanos);
        return step.mode == Mode.SLOW ? step.factor : 1;
    }
}
