package dev.resilience.agent.strategy;

import dev.resilience.engine.Strategy;
import dev.resilience.instrumentation.api.Faults;
import dev.resilience.spi.BadSetting;
import dev.resilience.spi.Judge;
import dev.resilience.spi.Settings;
import dev.resilience.spi.StrategyProvider;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.jar.JarFile;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import org.jspecify.annotations.Nullable;

/**
 * The strategies of jars that the configuration names. Each jar is read once in the life of the process. For one thread at
 * a time.
 */
public final class Strategies {
    private static final String SERVICE = "META-INF/services/" + StrategyProvider.class.getName();
    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]{0,63}");

    private final Faults faults;
    private final Map<Path, Map<String, StrategyProvider>> jars = new TreeMap<>();

    public Strategies(Faults faults) {
        this.faults = faults;
    }

    /**
     * The strategies of this jar, by name.
     *
     * @param taken names that they may not have
     * @throws BadJar if there are none, or one of them cannot be used; then none of that jar is
     */
    public Map<String, StrategyProvider> of(Path jar, List<String> taken) throws BadJar {
        Path key = jar.toAbsolutePath().normalize();
        Map<String, StrategyProvider> known = jars.get(key);
        if (known == null) {
            known = load(key);
            jars.put(key, known);
        }
        for (String name : known.keySet()) {
            if (taken.contains(name)) {
                throw new BadJar("has a strategy " + name + ", and there is another of that name");
            }
        }
        return known;
    }

    /** Null if it fails for another reason than its settings, which is reported. */
    public @Nullable Strategy strategy(
            StrategyProvider provider, String name, Settings settings, Map<String, String> values) {
        String site = "strategy/" + name;
        try {
            Supplier<? extends Judge> judges = provider.judges(settings);
            if (judges == null) {
                throw new IllegalStateException("there are no judges");
            }
            return new Strategy.Foreign(name, values, () -> new SafeJudge(site, faults, judges));
        } catch (BadSetting ofItsUser) {
            throw ofItsUser;
        } catch (Throwable fault) {
            faults.report(site, fault);
            return null;
        }
    }

    private static Map<String, StrategyProvider> load(Path jar) throws BadJar {
        TreeSet<String> classes = new TreeSet<>();
        try (JarFile file = new JarFile(jar.toFile())) {
            ZipEntry service = file.getEntry(SERVICE);
            if (service == null) {
                throw new BadJar("has no " + SERVICE);
            }
            try (InputStream content = file.getInputStream(service)) {
                for (String line : new String(content.readAllBytes(), StandardCharsets.UTF_8).split("\n", -1)) {
                    String name = line.replaceFirst("#.*", "").trim();
                    if (!name.isEmpty()) {
                        classes.add(name);
                    }
                }
            }
        } catch (IOException unreadable) {
            throw new BadJar("cannot be read", unreadable);
        }
        Map<String, StrategyProvider> found = new TreeMap<>();
        ClassLoader loader = loader(jar);
        for (String name : classes) {
            StrategyProvider provider = provider(loader, name);
            if (found.put(nameOf(provider, name), provider) != null) {
                throw new BadJar("has two strategies of one name");
            }
        }
        if (found.isEmpty()) {
            throw new BadJar("names no class in " + SERVICE);
        }
        return found;
    }

    /** Never closed: what it has not loaded yet may be needed at any time. */
    private static ClassLoader loader(Path jar) throws BadJar {
        try {
            URL[] urls = {jar.toUri().toURL()};
            return new URLClassLoader("resilience-strategy", urls, new SpiLoader(Strategies.class.getClassLoader()));
        } catch (IOException impossible) {
            throw new BadJar("cannot be read", impossible);
        }
    }

    /** What was built for a version we do not know may not even link, so any failure says what it may be. */
    private static StrategyProvider provider(ClassLoader loader, String name) throws BadJar {
        int version;
        StrategyProvider provider;
        try {
            provider = Class.forName(name, true, loader)
                    .asSubclass(StrategyProvider.class)
                    .getConstructor()
                    .newInstance();
            version = provider.apiVersion();
        } catch (Throwable broken) {
            throw new BadJar(
                    "has a class " + name + " that is no strategy for version " + StrategyProvider.API_VERSION, broken);
        }
        if (version != StrategyProvider.API_VERSION) {
            throw new BadJar("was built for version " + version + " of strategies, and this agent understands version "
                    + StrategyProvider.API_VERSION);
        }
        return provider;
    }

    private static String nameOf(StrategyProvider provider, String type) throws BadJar {
        try {
            String name = provider.name();
            if (name != null && NAME.matcher(name).matches()) {
                return name;
            }
            throw new BadJar(type + " must have a name of lower case, digits and -, has " + name);
        } catch (RuntimeException | Error broken) {
            throw new BadJar(type + " has no name", broken);
        }
    }
}
