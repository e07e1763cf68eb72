package dev.resilience.scenarios;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicBoolean;

/** Plays every scenario with every build, round after round, and writes the report. */
public final class Scenarios {
    private final Options options;
    private final Stage stage;
    private final long until;
    private final List<Run> runs = new ArrayList<>();
    private final List<String> thrownAway = new ArrayList<>();

    private Scenarios(Options options, Stage stage) {
        this.options = options;
        this.stage = stage;
        this.until = System.nanoTime() + options.budget().toNanos();
    }

    public static void main(String[] args) throws Exception {
        Options options = Options.from(System.getProperties());
        for (Path file : List.of(options.agent(), options.service())) {
            if (!Files.exists(file)) {
                throw new IOException(file + " is not there: build it first");
            }
        }
        AtomicBoolean interrupted = new AtomicBoolean();
        Children children = new Children(options.directory());
        Runtime.getRuntime()
                .addShutdownHook(new Thread(
                        () -> {
                            interrupted.set(true);
                            children.close();
                        },
                        "scenarios-end"));
        try (children) {
            Scenarios scenarios = new Scenarios(options, new Stage(options, children));
            scenarios.play();
            Report report = new Report(options, scenarios.runs, scenarios.thrownAway, children.pinned());
            Files.writeString(options.report(), report.text());
            System.out.println("\n" + report.text() + "\nwritten to " + options.report());
        } catch (IOException e) {
            if (!interrupted.get()) {
                throw e;
            }
        }
    }

    private void play() throws IOException, InterruptedException {
        int left = 0;
        for (int round = 0; round < options.rounds(); round++) {
            left += Build.ofRound(round, options.rounds(), options.builds()).size()
                    * options.scenarios().size();
        }
        System.out.printf(
                Locale.ROOT,
                "%d runs, %.0f minutes%n",
                left,
                left * options.timing().wholeNanos() / 60e9);
        for (int round = 0; round < options.rounds(); round++) {
            for (Scenario scenario : options.scenarios()) {
                for (Build build : Build.ofRound(round, options.rounds(), options.builds())) {
                    play(scenario, build, round, --left);
                }
            }
        }
    }

    /** Plays one until it counts, as long as there is time for those that are left. */
    private void play(Scenario scenario, Build build, int round, int left) throws IOException, InterruptedException {
        for (int attempt = 0; ; attempt++) {
            Run run = stage.play(scenario, build, round);
            List<String> faults = run.faults();
            String name = scenario.name() + " " + build.title() + ", round " + (round + 1);
            System.out.printf(Locale.ROOT, "%-45s %s %s%n", name, Report.line(run, options.timing()), faults);
            if (faults.isEmpty() || options.quick()) {
                runs.add(run);
            }
            if (faults.isEmpty()) {
                return;
            }
            thrownAway.add(name + ": " + String.join(", ", faults));
            if (attempt == options.repeats()
                    || System.nanoTime() + (left + 1) * options.timing().wholeNanos() > until) {
                return;
            }
        }
    }
}
