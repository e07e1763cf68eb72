package dev.resilience.scenarios;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.stream.Stream;

/** The programs that were started, and nothing else's: ended in reverse order, also when we are interrupted. */
final class Children implements AutoCloseable {
    private final Path directory;
    private final boolean pinned;
    private final Deque<Child> started = new ArrayDeque<>();
    private boolean closed;

    Children(Path directory) {
        this.directory = directory;
        this.pinned = Runtime.getRuntime().availableProcessors() > 1
                && Stream.of(System.getenv().getOrDefault("PATH", "").split(":", -1))
                        .anyMatch(entry -> Files.isExecutable(Path.of(entry, "taskset")));
    }

    /** Whether each program has a processor of its own. */
    boolean pinned() {
        return pinned;
    }

    /** Starts one on this processor; its errors go to a file of its name. */
    synchronized Child start(String name, int processor, List<String> command) throws IOException {
        if (closed) {
            throw new IllegalStateException("it is over");
        }
        List<String> words = new ArrayList<>();
        if (pinned) {
            words.addAll(List.of("taskset", "-c", Integer.toString(processor)));
        }
        words.addAll(command);
        Child child = new Child(
                name,
                new ProcessBuilder(words)
                        .redirectError(directory.resolve(name + ".err").toFile())
                        .start());
        started.push(child);
        return child;
    }

    synchronized void end(Child child) {
        if (started.remove(child)) {
            child.close();
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
        while (!started.isEmpty()) {
            started.pop().close();
        }
    }
}
