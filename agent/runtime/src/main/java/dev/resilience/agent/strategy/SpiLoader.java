package dev.resilience.agent.strategy;

/** All that a strategy sees beside its own jar: the JDK, and the package it is compiled against. */
final class SpiLoader extends ClassLoader {
    private static final String SPI = "dev.resilience.spi.";

    private final ClassLoader agent;

    static {
        registerAsParallelCapable();
    }

    SpiLoader(ClassLoader agent) {
        super("resilience-spi", ClassLoader.getPlatformClassLoader());
        this.agent = agent;
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
        if (name.startsWith(SPI)) {
            return agent.loadClass(name);
        }
        throw new ClassNotFoundException(name);
    }
}
