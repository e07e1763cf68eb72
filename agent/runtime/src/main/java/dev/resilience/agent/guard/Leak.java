package dev.resilience.agent.guard;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Work that went on although its call was cut: what was found first at one place of the application, and how often.
 *
 * @param site the frame nearest to the work that is neither the JDK's nor the agent's
 * @param target what the call was made to, and {@code policy} what it was cut by
 * @param count how many calls were found there
 * @param stack of the thread that works; empty if that is not known
 * @param thread its name
 * @param state what it did
 * @param waitsFor what it waited for, and which thread had that, as far as that is known
 */
public record Leak(
        String site,
        String target,
        String policy,
        long count,
        Instant firstSeen,
        List<StackTraceElement> stack,
        @Nullable String thread,
        Thread.@Nullable State state,
        @Nullable String waitsFor) {}
