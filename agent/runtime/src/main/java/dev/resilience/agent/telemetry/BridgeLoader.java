package dev.resilience.agent.telemetry;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/** Defines {@link BridgedSpan} against one copy of the OpenTelemetry API: an application's, or the OpenTelemetry agent's. */
final class BridgeLoader extends ClassLoader {
    private static final String ADAPTER = BridgedSpan.class.getName();
    private static final String API = "io.opentelemetry.";
    /** Where the OpenTelemetry agent keeps its own copy, on the boot loader. */
    static final String AGENT_PREFIX = "io.opentelemetry.javaagent.shaded.";

    private final ClassLoader agent;
    private final @Nullable ClassLoader application;

    private BridgeLoader(ClassLoader agent, @Nullable ClassLoader application) {
        super("resilience-telemetry-bridge", agent);
        this.agent = agent;
        this.application = application;
    }

    /** The current span of the API that {@code application} sees; null stands for the OpenTelemetry agent's. */
    static CurrentSpan bridge(ClassLoader agent, @Nullable ClassLoader application)
            throws ReflectiveOperationException {
        return (CurrentSpan) new BridgeLoader(agent, application)
                .loadClass(ADAPTER + "$Current")
                .getDeclaredConstructor()
                .newInstance();
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        if (application != null && name.startsWith(API)) {
            return application.loadClass(name);
        }
        if (!name.startsWith(ADAPTER)) {
            return super.loadClass(name, resolve);
        }
        synchronized (getClassLoadingLock(name)) {
            Class<?> loaded = findLoadedClass(name);
            return loaded != null ? loaded : define(name);
        }
    }

    private Class<?> define(String name) throws ClassNotFoundException {
        try (InputStream content = agent.getResourceAsStream(name.replace('.', '/') + ".class")) {
            if (content == null) {
                throw new ClassNotFoundException(name);
            }
            byte[] file = content.readAllBytes();
            if (application == null) {
                file = moved(file, API.replace('.', '/'), (AGENT_PREFIX + API).replace('.', '/'));
            }
            return defineClass(name, file, 0, file.length);
        } catch (IOException e) {
            throw new ClassNotFoundException(name, e);
        }
    }

    /** The class file with every mention of a package renamed: names and descriptors are all constants of kind 1. */
    static byte[] moved(byte[] classFile, String from, String to) throws IOException {
        ByteArrayOutputStream moved = new ByteArrayOutputStream(classFile.length + 1024);
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(classFile));
                DataOutputStream out = new DataOutputStream(moved)) {
            out.writeLong(in.readLong());
            int constants = in.readUnsignedShort();
            out.writeShort(constants);
            for (int i = 1; i < constants; i++) {
                int kind = in.readUnsignedByte();
                out.writeByte(kind);
                switch (kind) {
                    case 1 -> out.writeUTF(in.readUTF().replace(from, to));
                    case 3, 4, 9, 10, 11, 12, 17, 18 -> out.writeInt(in.readInt());
                    case 5, 6 -> {
                        out.writeLong(in.readLong());
                        i++;
                    }
                    case 7, 8, 16, 19, 20 -> out.writeShort(in.readUnsignedShort());
                    case 15 -> {
                        out.writeByte(in.readByte());
                        out.writeShort(in.readUnsignedShort());
                    }
                    default -> throw new IOException("constant of unknown kind " + kind);
                }
            }
            in.transferTo(out);
        }
        return moved.toByteArray();
    }
}
