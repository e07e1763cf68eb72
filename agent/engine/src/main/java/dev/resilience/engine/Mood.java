package dev.resilience.engine;

/** How close to what was seen a {@link Suggestion} goes. */
public enum Mood {
    /** So far that a target that is well is never touched: at most one false trip of a breaker in a year. */
    CONSERVATIVE(365),
    /** As close as what was seen allows: at most one false trip in a day, and one call in a thousand cut. */
    AGGRESSIVE(1);

    private final int daysWithoutFalseTrip;

    Mood(int daysWithoutFalseTrip) {
        this.daysWithoutFalseTrip = daysWithoutFalseTrip;
    }

    /** The chance of a false trip that each look of a breaker, ten a second, may have, whatever the others see. */
    double falseTrip() {
        return 1 / (daysWithoutFalseTrip * 864_000.0);
    }
}
