package dev.resilience.demo;

import java.util.List;

/** What the shop depends on, by the name it has in the shop's log and in the policy file. */
enum Dependency {
    RECOMMENDATIONS("recommendations", "HTTP", " s old)", "bestsellers"),
    PRICE("price", "gRPC", ".0"),
    STOCK("stock", "PostgreSQL", "\0");

    private final String title;
    private final String protocol;

    @SuppressWarnings("ImmutableEnumChecker") // by List.of
    private final List<String> rescues;

    Dependency(String title, String protocol, String... rescues) {
        this.title = title;
        this.protocol = protocol;
        this.rescues = List.of(rescues);
    }

    String title() {
        return title;
    }

    String protocol() {
        return protocol;
    }

    /** Whether this is, or contains, what only an answer in place of its own can. */
    boolean isRescued(String text) {
        return rescues.stream().anyMatch(text::contains);
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
