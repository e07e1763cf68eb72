package dev.resilience.spi;

import java.util.function.Supplier;

/**
 * Makes a strategy of the settings that a policy gives it. Its class is public, has a public constructor without
 * parameters, and stands in {@code META-INF/services/dev.resilience.spi.StrategyProvider} of its jar.
 */
public interface StrategyProvider {
    /** The version of this package. It grows when something that was built for an earlier one would not do any more. */
    int API_VERSION = 1;

    /** {@code return API_VERSION;}, which the compiler replaces by the number it has when it compiles that. */
    int apiVersion();

    /** What policies call it by: lower case, digits and {@code -}, and not the name of a strategy of the agent's own. */
    String name();

    /**
     * Makes a judge for each target, and another for the same one each time its breaker has closed. Asked once for each
     * policy that names this strategy, when policies are read.
     *
     * @throws BadSetting if a setting is none that this strategy understands; it becomes an error of the configuration
     */
    Supplier<? extends Judge> judges(Settings settings);
}
