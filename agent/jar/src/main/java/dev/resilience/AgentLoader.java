package dev.resilience;

import java.io.ByteArrayInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.net.URLConnection;
import java.net.URLStreamHandler;
import java.util.Collections;
import java.util.Enumeration;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;
import org.jspecify.annotations.Nullable;

/**
 * Loads the agent from {@code inst/} of its jar, beside the platform and out of the application's sight.
 *
 * <p>It reads the jar itself: a {@code JarURLConnection} may not be used while classes are being transformed.
 */
final class AgentLoader extends ClassLoader {
    private static final String ROOT = "inst/";

    private final JarFile jar;

    static {
        registerAsParallelCapable();
    }

    AgentLoader(JarFile jar) {
        super("resilience-agent", ClassLoader.getPlatformClassLoader());
        this.jar = jar;
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
        try {
            byte[] file = read(name.replace('.', '/') + ".class");
            if (file == null) {
                throw new ClassNotFoundException(name);
            }
            return defineClass(name, file, 0, file.length);
        } catch (IOException e) {
            throw new ClassNotFoundException(name, e);
        }
    }

    @Override
    public @Nullable InputStream getResourceAsStream(String name) {
        try {
            byte[] own = read(name);
            return own == null ? getParent().getResourceAsStream(name) : new ByteArrayInputStream(own);
        } catch (IOException e) {
            return null;
        }
    }

    @Override
    protected @Nullable URL findResource(String name) {
        if (jar.getEntry(entryOf(name)) == null) {
            return null;
        }
        try {
            return new URL("resilience", null, -1, "/" + name, new InJar());
        } catch (IOException e) {
            return null;
        }
    }

    @Override
    protected Enumeration<URL> findResources(String name) {
        URL found = findResource(name);
        return found == null ? Collections.emptyEnumeration() : Collections.enumeration(Collections.singleton(found));
    }

    private byte @Nullable [] read(String name) throws IOException {
        ZipEntry entry = jar.getEntry(entryOf(name));
        if (entry == null) {
            return null;
        }
        try (InputStream content = jar.getInputStream(entry)) {
            return content.readAllBytes();
        }
    }

    private static String entryOf(String name) {
        return ROOT + (name.endsWith(".class") ? name + "data" : name);
    }

    private final class InJar extends URLStreamHandler {
        @Override
        protected URLConnection openConnection(URL url) {
            return new URLConnection(url) {
                @Override
                public void connect() {}

                @Override
                public InputStream getInputStream() throws IOException {
                    byte[] content = read(url.getPath().substring(1));
                    if (content == null) {
                        throw new FileNotFoundException(url.toString());
                    }
                    return new ByteArrayInputStream(content);
                }
            };
        }
    }
}
