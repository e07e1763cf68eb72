package dev.resilience.demo;

/** What the shop depends on, by the name it has in the shop's log and in the policy file. */
enum Dependency {
    RECOMMENDATIONS("recommendations", "HTTP", "bestsellers"),
    PRICE("price", "gRPC", "EUR 10.0"),
    STOCK("stock", "PostgreSQL", "\0");

    private final String title;
    private final String protocol;
    private final String rescue;

    Dependency(String title, String protocol, String rescue) {
        this.title = title;
        this.protocol = protocol;
        this.rescue = rescue;
    }

    String title() {
        return title;
    }

    String protocol() {
        return protocol;
    }

    /** What only the policy's static answer contains. */
    String rescue() {
        return rescue;
    }

    static Dependency of(String title) {
        for (Dependency one : values()) {
            if (one.title.equals(title)) {
                return one;
            }
        }
        throw new IllegalArgumentException("the shop calls something the demo does not know: " + title);
    }
}
