package dev.resilience.it;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * What a JVM has for a resolver if it is told so by {@code jdk.net.hosts.file}: a file of names that, while it hangs, is a
 * pipe nobody writes to, so that whoever asks waits.
 */
final class Resolver {
    private final Path directory;
    private final Path pipe;
    private final Path names;

    Resolver(Path directory, String name) throws IOException, InterruptedException {
        this.directory = directory;
        this.pipe = directory.resolve("pipe");
        this.names = directory.resolve("names");
        Files.writeString(names, "127.0.0.1 " + name + "\n");
        Process making =
                new ProcessBuilder("mkfifo", pipe.toString()).inheritIO().start();
        if (making.waitFor() != 0) {
            throw new IOException("no pipe " + pipe);
        }
        hang();
    }

    Path file() {
        return directory.resolve("hosts");
    }

    /** Security properties of a JVM that keeps a name in mind for a second, and none that is unknown. */
    Path memory() throws IOException {
        return Files.writeString(
                directory.resolve("memory"), "networkaddress.cache.ttl=1\nnetworkaddress.cache.negative.ttl=0\n");
    }

    /** From now on it answers; those who wait are told that there is no such name. */
    void answer() throws IOException {
        use(names);
        new RandomAccessFile(pipe.toFile(), "rw").close();
    }

    /** From now on it hangs. */
    void hang() throws IOException {
        use(pipe);
    }

    private void use(Path chosen) throws IOException {
        Path link = Files.createSymbolicLink(directory.resolve("next"), chosen);
        Files.move(link, file(), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
}
