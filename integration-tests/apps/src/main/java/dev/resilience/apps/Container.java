package dev.resilience.apps;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.ref.WeakReference;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.FutureTask;
import java.util.function.UnaryOperator;

/**
 * Runs applications in class loaders of their own, as a container does, on commands from standard input.
 *
 * <pre>
 * ID load NAME CLASSPATH [TYPE]   starts a {@link Guest}; its loader finds the file of TYPE, but cannot load it
 * ID call NAME WORDS              lets it make a call
 * ID drop NAME                    closes it, forgets it, and says whether its loader was collected
 * </pre>
 *
 * <p>Answers: {@code ID ok TEXT} or {@code ID failed TEXT}.
 */
public final class Container {
    private final Map<String, UnaryOperator<String>> guests = new HashMap<>();
    private final Map<String, GuestLoader> loaders = new HashMap<>();

    /** Reads commands until the input ends. */
    public static void main(String[] arguments) throws IOException {
        Container container = new Container();
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        System.out.println("ready");
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            String[] words = line.split(" ", 4);
            try {
                System.out.println(words[0] + " ok " + container.answer(words));
            } catch (Exception thrown) {
                System.out.println(words[0] + " failed " + thrown);
            }
            System.out.flush();
        }
        System.exit(0);
    }

    private String answer(String[] words) throws Exception {
        String name = words[2];
        return switch (words[1]) {
            case "load" -> load(name, words[3].split(" ", 2));
            case "call" -> call(name, words[3]);
            case "drop" -> isCollected(drop(name)) ? "collected" : "still there";
            default -> throw new IllegalArgumentException("no such command: " + words[1]);
        };
    }

    private String load(String name, String[] words) throws Exception {
        List<URL> files = new ArrayList<>();
        for (String file : words[0].split(File.pathSeparator, -1)) {
            files.add(Path.of(file).toUri().toURL());
        }
        GuestLoader loader = new GuestLoader(files.toArray(URL[]::new), words.length == 1 ? "" : words[1]);
        loaders.put(name, loader);
        @SuppressWarnings("unchecked")
        UnaryOperator<String> guest = loader.loadClass("dev.resilience.apps.Guest")
                .asSubclass(UnaryOperator.class)
                .getConstructor()
                .newInstance();
        guests.put(name, guest);
        return "loaded";
    }

    /** On a thread of its own, so that what libraries tie to threads goes with it. */
    private String call(String name, String words) throws Exception {
        UnaryOperator<String> guest = guests.get(name);
        if (guest == null) {
            throw new IllegalArgumentException("no guest " + name);
        }
        FutureTask<String> task = new FutureTask<>(() -> guest.apply(words));
        Thread thread = new Thread(task, "guest");
        thread.start();
        thread.join();
        return task.get();
    }

    private WeakReference<ClassLoader> drop(String name) throws Exception {
        call(name, "close");
        guests.remove(name);
        GuestLoader loader = loaders.remove(name);
        if (loader != null) {
            loader.close();
        }
        return new WeakReference<>(loader);
    }

    private static boolean isCollected(WeakReference<ClassLoader> dropped) throws InterruptedException {
        for (int i = 0; i < 100 && dropped.get() != null; i++) {
            System.gc();
            Thread.sleep(50);
        }
        return dropped.get() == null;
    }

    /** Sees the platform and its own files, nothing of this program. */
    private static final class GuestLoader extends URLClassLoader {
        private final String hidden;

        GuestLoader(URL[] files, String hidden) {
            super(files, ClassLoader.getPlatformClassLoader());
            this.hidden = hidden;
        }

        @Override
        protected Class<?> findClass(String name) throws ClassNotFoundException {
            if (name.equals(hidden)) {
                throw new ClassNotFoundException(name);
            }
            return super.findClass(name);
        }
    }

    private Container() {}
}
