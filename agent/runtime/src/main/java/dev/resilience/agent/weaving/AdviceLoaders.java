package dev.resilience.agent.weaving;

import dev.resilience.instrumentation.api.ClientModule;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import net.bytebuddy.dynamic.ClassFileLocator;

/** Where advice and adapters come from, as class files for weaving and as classes for linking. */
public interface AdviceLoaders {
    /** The loader of a module's advice and adapters for the classes of one application loader. */
    ClassLoader loaderOf(ClientModule module, ClassLoader application);

    /** The loader that holds the agent, and every class file of every module as a resource. */
    ClassLoader agent();

    /** The class files of advice. */
    default ClassFileLocator classFiles() {
        return ClassFileLocator.ForClassLoader.of(agent());
    }

    /** The class file of a class of this package. */
    default byte[] ownClassFile(Class<?> type) {
        try (InputStream file = agent().getResourceAsStream(type.getName().replace('.', '/') + ".class")) {
            if (file == null) {
                throw new IllegalStateException("no class file of " + type.getName());
            }
            return file.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
