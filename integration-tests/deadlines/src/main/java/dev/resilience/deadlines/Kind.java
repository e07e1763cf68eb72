package dev.resilience.deadlines;

/** What is called, and how it is dead. */
enum Kind {
    HTTP(
            "HTTP",
            "http",
            500,
            "`HttpClient.send` to a server that accepts, reads, and says nothing.",
            0.9999,
            "connections with a request"),
    GRPC("gRPC", "grpc", 500, "A blocking stub's unary call of a method that never answers.", 0.9999, "streams"),
    SLEEPING(
            "Statements that hang",
            "statements",
            50,
            "`select pg_sleep(30)` of a PostgreSQL, over a HikariCP pool of 40 connections.",
            0.99,
            "statements"),
    SWALLOWED(
            "Statements in a black hole",
            "statements",
            20,
            "The same through a relay that, as soon as it sees the statement, passes nothing on any more over this"
                    + " connection, nor the request to cancel it. New connections pass; each call needs one.",
            0.99,
            "connections with a statement");

    private final String title;
    private final String work;
    private final int perSecond;
    private final String text;
    private final double quantile;
    private final String open;

    Kind(String title, String work, int perSecond, String text, double quantile, String open) {
        this.title = title;
        this.work = work;
        this.perSecond = perSecond;
        this.text = text;
        this.quantile = quantile;
        this.open = open;
    }

    String title() {
        return title;
    }

    /** What the calling program is told to do. */
    String work() {
        return work;
    }

    int perSecond() {
        return perSecond;
    }

    String text() {
        return text;
    }

    boolean isStatement() {
        return work.equals("statements");
    }

    /** The one that must not be later than the deadline. */
    double quantile() {
        return quantile;
    }

    /** What is counted as open at the server. */
    String open() {
        return open;
    }
}
