package dev.resilience.agent.weaving;

import dev.resilience.instrumentation.api.ClientModule;
import java.io.IOException;
import java.io.InputStream;
import java.lang.ref.WeakReference;
import java.util.HashMap;
import java.util.Map;
import java.util.WeakHashMap;
import org.jspecify.annotations.Nullable;

/** One loader for each application loader and module, so that adapters see both the agent and the library. */
final class ModuleLoaders implements AdviceLoaders {
    /*
     * A module loader is reachable only from the call sites it links, that is from the application's own classes: so it
     * goes when they go. This table must not hold it, hence the weak value; the weak key alone would not do, because the
     * value refers to the key.
     */
    private final Map<ClassLoader, Map<String, WeakReference<ModuleLoader>>> loaders = new WeakHashMap<>();

    private final Object lock = new Object();
    private final ClassLoader agent;

    ModuleLoaders(ClassLoader agent) {
        this.agent = agent;
    }

    @Override
    public ClassLoader agent() {
        return agent;
    }

    @Override
    public ClassLoader loaderOf(ClientModule module, ClassLoader loader) {
        ClassLoader application = module.namesLibraryTypes() ? loader : ClassLoader.getPlatformClassLoader();
        synchronized (lock) {
            Map<String, WeakReference<ModuleLoader>> ofApplication =
                    loaders.computeIfAbsent(application, key -> new HashMap<>());
            WeakReference<ModuleLoader> known = ofApplication.get(module.name());
            ModuleLoader made = known == null ? null : known.get();
            if (made == null) {
                made = new ModuleLoader(module.adapterPackage() + ".", agent, application);
                ofApplication.put(module.name(), new WeakReference<>(made));
            }
            return made;
        }
    }

    private static final class ModuleLoader extends ClassLoader {
        private static final String AGENT = "dev.resilience.";

        private final String own;
        private final ClassLoader agent;
        private final ClassLoader application;

        static {
            registerAsParallelCapable();
        }

        ModuleLoader(String own, ClassLoader agent, ClassLoader application) {
            super("resilience-module", agent);
            this.own = own;
            this.agent = agent;
            this.application = application;
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (name.startsWith(own)) {
                synchronized (getClassLoadingLock(name)) {
                    Class<?> loaded = findLoadedClass(name);
                    return loaded == null ? findClass(name) : loaded;
                }
            }
            return name.startsWith(AGENT) ? agent.loadClass(name) : application.loadClass(name);
        }

        @Override
        protected Class<?> findClass(String name) throws ClassNotFoundException {
            byte[] file = read(name.replace('.', '/') + ".class");
            if (file == null) {
                throw new ClassNotFoundException(name);
            }
            return defineClass(name, file, 0, file.length);
        }

        private byte @Nullable [] read(String resource) throws ClassNotFoundException {
            try (InputStream file = agent.getResourceAsStream(resource)) {
                return file == null ? null : file.readAllBytes();
            } catch (IOException e) {
                throw new ClassNotFoundException(resource, e);
            }
        }
    }
}
