package dev.resilience.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/** The README's first command. */
public final class Demo {
    private Demo() {}

    public static void main(String[] args) throws Exception {
        Path agent = Path.of(required("demo.agent")).normalize();
        Path shop = Path.of(required("demo.shop")).normalize();
        Path policy = Path.of(required("demo.policy")).normalize();
        Path directory = Files.createDirectories(Path.of(required("demo.directory")));
        for (Path file : List.of(agent, shop, policy)) {
            if (!Files.exists(file)) {
                throw new IOException(file + " is not there: build it first");
            }
        }
        double speed = Double.parseDouble(System.getProperty("demo.speed", "1"));
        String onward = System.getProperty("otel.exporter.otlp.endpoint", "");

        int exitCode;
        Belongings belongings = new Belongings();
        AtomicBoolean interrupted = new AtomicBoolean();
        Runtime.getRuntime()
                .addShutdownHook(new Thread(
                        () -> {
                            interrupted.set(true);
                            belongings.close();
                        },
                        "demo-end"));
        try (belongings) {
            exitCode = play(belongings, agent, shop, policy, directory, speed, onward);
        } catch (Exception e) {
            if (interrupted.get()) {
                return; // what was pulled from under our feet is no news
            }
            throw e;
        }
        Runtime.getRuntime().halt(exitCode);
    }

    private static int play(
            Belongings belongings, Path agent, Path shop, Path policy, Path directory, double speed, String onward)
            throws Exception {
        Screen screen = new Screen(System.out, Screen.onTerminal());
        screen.print("One shop, played twice through the same real faults: bare, then with resilience.jar. It starts"
                + " PostgreSQL, an HTTP and a gRPC service.");
        Stage stage = new Stage(belongings, screen, directory, speed);
        screen.print("Ready: " + stage.description() + ". Logs are in " + directory + ".\n");

        Run bare = stage.play("bare", shop.toString(), List.of(), onward);

        screen.print("\nThe same again with\n  -javaagent:resilience.jar -Dresilience.config=" + policy.getFileName()
                + "\n  " + stage.alternate() + "\nand in " + policy + ":\n\n"
                + Files.readString(policy).indent(4));
        Run guarded = stage.play(
                "with resilience.jar",
                shop.toString(),
                List.of("-javaagent:" + agent, "-Dresilience.config=" + policy, stage.alternate()),
                onward);

        Report report = new Report(bare, guarded);
        screen.print("\nWHERE DECISIONS WERE SEEN (spans of the second run, as an OTLP receiver got them)\n");
        report.decisions().forEach(screen::print);
        screen.print("\nSIDE BY SIDE\n");
        report.sideBySide().forEach(screen::print);
        screen.print("\nVERDICT\n");
        report.verdict().forEach(screen::print);
        return report.failures().isEmpty() ? 0 : 1;
    }

    private static String required(String key) {
        String value = System.getProperty(key);
        if (value == null) {
            throw new IllegalArgumentException("-D" + key + " is missing: the demo is started by its Maven profile");
        }
        return value;
    }
}
