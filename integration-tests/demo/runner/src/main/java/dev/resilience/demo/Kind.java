package dev.resilience.demo;

/** How a call of the shop ended, as the shop saw it. */
enum Kind {
    ANSWERED,
    RESCUED,
    REFUSED,
    FAILED
}
