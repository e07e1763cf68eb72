package dev.resilience.scenarios;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.Future;

/**
 * The stub as a program. Its arguments: servers, mean milliseconds, seed. Its commands: {@code begin ZERO SCRIPT} and
 * {@code report}.
 */
final class StubProgram {
    private StubProgram() {}

    public static void main(String[] args) throws Exception {
        Stub stub = new Stub(Integer.parseInt(args[0]), Double.parseDouble(args[1]), Long.parseLong(args[2]));
        Future<?> commands = Threads.daemons(1).submit(() -> {
            try (stub) {
                obey(stub);
            }
            return null;
        });
        System.out.println("LISTENING " + stub.port());
        stub.serve();
        commands.get();
    }

    private static void obey(Stub stub) throws IOException {
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            String[] words = line.split(" ", 3);
            if (words[0].equals("begin")) {
                stub.begin(Long.parseLong(words[1]), Script.read(Path.of(words[2])));
            } else {
                stub.report(received -> System.out.println("RECEIVED " + received.text()));
            }
        }
    }
}
