package com.example.service;

import java.util.concurrent.Callable;

/** What is written around a call of a dependency. */
interface Guard {
    String call(Callable<String> call) throws Exception;

    /** One for the dependency of this name: {@code bare}, or resilience4j's breaker in one of two tunings. */
    static Guard of(String kind, String dependency) {
        return switch (kind) {
            case "bare" -> Callable::call;
            case "resilience4j-defaults" -> Resilience4j.defaults(dependency);
            case "resilience4j-tuned" -> Resilience4j.tuned(dependency);
            default -> throw new IllegalArgumentException("no such guard: " + kind);
        };
    }
}
