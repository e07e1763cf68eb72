package dev.resilience.demo;

import java.io.IOException;
import java.io.PrintStream;
import java.util.List;

/** Where the demo writes: a table that is redrawn in place on a terminal, and appended at times elsewhere. */
final class Screen {
    private static final String NO_WRAP = "\033[?7l";
    private static final String WRAP = "\033[?7h";

    private final PrintStream out;
    private final boolean terminal;
    private int drawn;

    Screen(PrintStream out, boolean terminal) {
        this.out = out;
        this.terminal = terminal;
    }

    /** Asks the system, as the JDK's answer differs from version to version. */
    static boolean onTerminal() {
        String term = System.getenv("TERM");
        if (term == null || term.equals("dumb")) {
            return false;
        }
        try {
            return new ProcessBuilder("test", "-t", "1").inheritIO().start().waitFor() == 0;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    synchronized void print(String text) {
        out.println(text);
        out.flush();
        drawn = 0;
    }

    /** Draws one frame over the last; where that cannot be, only {@code worthKeeping} ones, one after the other. */
    synchronized void draw(List<String> table, boolean worthKeeping) {
        if (terminal) {
            StringBuilder frame = new StringBuilder(NO_WRAP);
            if (drawn > 0) {
                frame.append("\033[").append(drawn).append('A');
            }
            for (String line : table) {
                frame.append("\r\033[K").append(line).append('\n');
            }
            out.print(frame.append(WRAP));
            drawn = table.size();
        } else if (worthKeeping) {
            table.forEach(out::println);
            out.println();
        }
        out.flush();
    }
}
