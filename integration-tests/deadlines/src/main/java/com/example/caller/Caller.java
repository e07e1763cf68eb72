package com.example.caller;

import java.io.BufferedOutputStream;
import java.io.BufferedReader;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * Calls a dependency at a rate, and writes down when each call was meant to begin, began and ended.
 *
 * <p>Arguments: {@code http|grpc|statements ADDRESS GUARD DEADLINE-MILLIS CALLS PER-SECOND PATIENCE-SECONDS FILE}. Says
 * {@code ready}; each line it then reads is {@code call}, answered by {@code called} when all is written; {@code
 * threads}, answered by how many there are and how many are within a call; or {@code end}.
 */
public final class Caller {
    private static final int WORKERS = 400;

    private Caller() {}

    public static void main(String[] arguments) throws Exception {
        Guard guard = Guard.of(arguments[2], Duration.ofMillis(Long.parseLong(arguments[3])));
        Work work = switch (arguments[0]) {
            case "http" -> new Requests(arguments[1], guard);
            case "grpc" -> new Questions(arguments[1], guard);
            default -> new Statements(arguments[1], guard);
        };
        Calls calls = new Calls(
                work, Integer.parseInt(arguments[4]), TimeUnit.SECONDS.toNanos(1) / Integer.parseInt(arguments[5]));
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        System.out.println("ready");
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            switch (line) {
                case "call" -> {
                    call(calls, TimeUnit.SECONDS.toNanos(Long.parseLong(arguments[6])), Path.of(arguments[7]));
                    System.out.println("called");
                }
                case "threads" -> System.out.println("threads " + threads());
                default -> Runtime.getRuntime().halt(0); // some of its threads may never end
            }
        }
        Runtime.getRuntime().halt(0);
    }

    private static void call(Calls calls, long patienceNanos, Path file) throws IOException, InterruptedException {
        Meter meter = new Meter();
        Thread metering = new Thread(meter, "meter");
        metering.start();
        calls.make(WORKERS, patienceNanos);
        meter.end();
        metering.join();
        try (DataOutputStream out = new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(file)))) {
            calls.write(out);
            meter.write(out);
        }
    }

    private static String threads() {
        int within = 0;
        var stacks = Thread.getAllStackTraces();
        for (StackTraceElement[] stack : stacks.values()) {
            within += isWithinACall(stack) ? 1 : 0;
        }
        return stacks.size() + " " + within;
    }

    private static boolean isWithinACall(StackTraceElement[] stack) {
        for (StackTraceElement frame : stack) {
            String name = frame.getClassName();
            if (name.startsWith(Requests.class.getName())
                    || name.startsWith(Questions.class.getName())
                    || name.startsWith(Statements.class.getName())) {
                return true;
            }
        }
        return false;
    }
}
