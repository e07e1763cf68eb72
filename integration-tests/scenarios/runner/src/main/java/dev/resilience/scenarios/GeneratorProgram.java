package dev.resilience.scenarios;

import dev.resilience.scenarios.Schedule.Arrival;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The generator as a program. Its command: {@code run PORT ZERO RATE-A RATE-B WARM-UP TO END SEED FILE}, times in ns. */
final class GeneratorProgram {
    private GeneratorProgram() {}

    public static void main(String[] args) throws IOException {
        System.out.println("READY");
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            String[] words = line.split(" ", 10);
            List<Arrival> arrivals = Schedule.of(
                    Double.parseDouble(words[3]),
                    Double.parseDouble(words[4]),
                    Long.parseLong(words[5]),
                    Long.parseLong(words[6]),
                    Long.parseLong(words[8]));
            Generator generator = new Generator(Integer.parseInt(words[1]), Long.parseLong(words[2]), arrivals);
            Outcome[] outcomes = generator.run(Long.parseLong(words[7]));
            List<String> lines = new ArrayList<>();
            for (Outcome outcome : outcomes) {
                lines.add(outcome.text());
            }
            Files.write(Path.of(words[9]), lines);
            System.out.println("DONE " + generator.opened());
        }
    }
}
