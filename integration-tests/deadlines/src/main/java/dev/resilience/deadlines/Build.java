package dev.resilience.deadlines;

/** The one calling program, and what bounds its calls. */
enum Build {
    AGENT("resilience.jar", "nothing"),
    FAILSAFE("Failsafe, `Timeout` with interrupt", "failsafe"),
    RESILIENCE4J("Resilience4j, `TimeLimiter`", "resilience4j");

    private final String title;
    private final String guard;

    Build(String title, String guard) {
        this.title = title;
        this.guard = guard;
    }

    String title() {
        return title;
    }

    /** What the program is told to write around its calls. */
    String guard() {
        return guard;
    }
}
