package dev.resilience.demo;

import org.jspecify.annotations.Nullable;

/** One part of the script: what is wrong, and for how long. */
enum Phase {
    WARM_UP(3, "warming up (not counted)", null, "up"),
    WELL(3, "all is well", null, "up"),
    HTTP_HANGS(5, "the HTTP service hangs", Dependency.RECOMMENDATIONS, "hangs"),
    HTTP_BACK(3, "  it answers again", null, "up"),
    GRPC_KILLED(5, "the gRPC server is killed", Dependency.PRICE, "killed"),
    GRPC_BACK(5, "  it is started again", null, "up"),
    DATABASE_STOPPED(5, "PostgreSQL's backends stop", Dependency.STOCK, "stopped"),
    DATABASE_BACK(3, "  they go on", null, "up");

    private final int seconds;
    private final String title;
    private final @Nullable Dependency faulty;
    private final String fault;

    Phase(int seconds, String title, @Nullable Dependency faulty, String fault) {
        this.seconds = seconds;
        this.title = title;
        this.faulty = faulty;
        this.fault = fault;
    }

    int seconds() {
        return seconds;
    }

    String title() {
        return title;
    }

    @Nullable
    Dependency faulty() {
        return faulty;
    }

    /** What is wrong with a dependency now, in a word. */
    String stateOf(Dependency dependency) {
        return dependency == faulty ? fault : "up";
    }

    static int totalSeconds() {
        int total = 0;
        for (Phase phase : values()) {
            total += phase.seconds;
        }
        return total;
    }
}
