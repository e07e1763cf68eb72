package dev.resilience.agent.telemetry;

import dev.resilience.agent.signal.Subject;
import dev.resilience.agent.signal.Trace;

/** A program that makes one guarded call and ends. */
public final class ShortProgram {
    /** Says on stdout what it did, and on stderr what went wrong. */
    public static void main(String[] arguments) {
        OpenTelemetrySink sink = OpenTelemetrySink.of(
                (name, task) -> {
                    Thread thread = new Thread(null, task, name, 0, false);
                    thread.setDaemon(true);
                    return thread;
                },
                (site, fault) -> System.err.println(site + " " + fault));
        Trace trace = sink.open(new Subject("http", "http://payments.svc:8443", "payments", "enforce"));
        if (trace != null) {
            trace.close(null);
        }
        System.out.println(trace == null ? "no trace" : "a trace");
    }

    private ShortProgram() {}
}
