package dev.resilience.testkit.sample;

import java.io.IOException;
import java.util.List;

/** A library with a method of each kind of result. */
public class SampleClient {
    public String text(String argument) throws IOException {
        if (argument.equals("broken")) {
            throw new IOException("broken");
        }
        return "text of ".concat(argument); // no indy: tests age this class file
    }

    public int number(int argument) {
        return argument + 1;
    }

    public long wide(long argument) {
        return argument + 1;
    }

    public boolean flag(boolean argument) {
        return !argument;
    }

    public String both(int index, long value) throws IOException {
        return "both";
    }

    public void nothing(List<String> log) {
        log.add("ran");
    }
}
