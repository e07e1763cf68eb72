package dev.resilience.apps;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Takes one command a line of standard input, each on a thread of its own, and answers with its first word and what it
 * gave. {@code ID threads} and {@code ID sockets} as {@link Caller} has them; {@code ID resolving} says how many threads
 * look a name up.
 */
final class Lines {
    interface Program {
        String answer(String[] words) throws Exception;
    }

    /** Until the input ends, which ends this JVM; a line has {@code most} words, the last with all that is left, or -1. */
    static void serve(int most, Program program) throws IOException {
        ExecutorService threads = Executors.newCachedThreadPool(task -> daemon(task, "background"));
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        say("ready");
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            String[] words = line.split(" ", most);
            threads.execute(() -> say(words[0] + " " + answer(words, program)));
        }
        System.exit(0);
    }

    static Thread daemon(Runnable task, String name) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        return thread;
    }

    private static String answer(String[] words, Program program) {
        try {
            return switch (words[1]) {
                case "threads" -> Caller.threads();
                case "resolving" -> Long.toString(resolving());
                case "sockets" -> Integer.toString(Caller.sockets());
                default -> program.answer(words);
            };
        } catch (Exception e) {
            return e.toString();
        }
    }

    private static long resolving() {
        return Thread.getAllStackTraces().values().stream()
                .filter(Lines::isResolving)
                .count();
    }

    private static boolean isResolving(StackTraceElement[] stack) {
        for (StackTraceElement frame : stack) {
            if (frame.getClassName().equals("java.net.InetAddress")) {
                return true;
            }
        }
        return false;
    }

    private static void say(String line) {
        synchronized (System.out) {
            System.out.println(line);
            System.out.flush();
        }
    }

    private Lines() {}
}
