package dev.resilience;

import java.io.File;
import java.io.IOException;
import java.lang.instrument.Instrumentation;
import java.net.URISyntaxException;
import java.security.CodeSource;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.jar.JarFile;
import org.jspecify.annotations.Nullable;

/**
 * Where the JVM enters the agent. Whatever fails here is one line on stderr that says what is not guarded, and the
 * application runs.
 */
public final class Premain {
    /** Both {@code JAVA_TOOL_OPTIONS} and {@code JDK_JAVA_OPTIONS} may name the agent: it starts once. */
    private static final AtomicInteger STARTS = new AtomicInteger();

    /** Entered before the application's main, for {@code -javaagent}. */
    public static void premain(@Nullable String arguments, Instrumentation instrumentation) {
        enter(arguments, instrumentation);
    }

    /** Entered in a running JVM, for attaching. */
    public static void agentmain(@Nullable String arguments, Instrumentation instrumentation) {
        enter(arguments, instrumentation);
    }

    private static void enter(@Nullable String arguments, Instrumentation instrumentation) {
        if (isUnwanted(arguments) || STARTS.getAndIncrement() != 0) {
            return;
        }
        try {
            start(arguments, instrumentation);
        } catch (Throwable failure) {
            System.err.println("resilience: not started, no call is guarded: " + rootOf(failure));
        }
    }

    private static boolean isUnwanted(@Nullable String arguments) {
        String enabled = System.getProperty("resilience.enabled", System.getenv("RESILIENCE_ENABLED"));
        return "false".equalsIgnoreCase(enabled)
                // trains a JDK 25 AOT cache: present, and nothing woven
                || "training".equals(arguments)
                || isJdkTool(System.getProperty("jdk.module.main"))
                || System.getProperty("org.graalvm.nativeimage.imagecode") != null;
    }

    /** {@code JAVA_TOOL_OPTIONS} also reaches javac, jcmd, keytool and jshell. */
    private static boolean isJdkTool(@Nullable String mainModule) {
        return mainModule != null && (mainModule.startsWith("jdk.") || mainModule.startsWith("java."));
    }

    private static void start(@Nullable String arguments, Instrumentation instrumentation)
            throws IOException, URISyntaxException, ReflectiveOperationException {
        CodeSource source = Premain.class.getProtectionDomain().getCodeSource();
        if (source == null) {
            throw new IllegalStateException("the agent must be a jar of its own");
        }
        File file = new File(source.getLocation().toURI());
        JarFile jar = new JarFile(file, false); // nobody signed it
        if (jar.getEntry("inst/boot/ResilienceDispatch.bin") == null) {
            throw new IllegalStateException("the agent must be a jar of its own, unchanged; this is " + file);
        }
        Class.forName("dev.resilience.agent.Startup", true, new AgentLoader(jar))
                .getMethod("start", String.class, Instrumentation.class)
                .invoke(null, arguments, instrumentation);
    }

    private static Throwable rootOf(Throwable failure) {
        Throwable root = failure;
        while (root.getCause() != null && root.getCause() != root) {
            root = root.getCause();
        }
        return root;
    }

    private Premain() {}
}
