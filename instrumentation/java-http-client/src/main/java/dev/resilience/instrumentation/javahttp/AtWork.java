package dev.resilience.instrumentation.javahttp;

import dev.resilience.instrumentation.api.Contained;
import dev.resilience.instrumentation.api.Faults;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** An executor whose threads are at work for one call while they run what it is given; see {@link Names}. */
final class AtWork implements Executor {
    private static final String SITE = "java-http-client/at-work";

    private final Exchange<?> call;
    private final Executor executor;
    private final Faults faults;

    AtWork(Exchange<?> call, Executor executor, Faults faults) {
        this.call = call;
        this.executor = executor;
        this.faults = faults;
    }

    @Override
    public void execute(Runnable task) {
        executor.execute(new Task(task));
    }

    /** The client's task, which runs whatever happens to ours. */
    private final class Task implements Runnable {
        private final Runnable task;
        private @Nullable Exchange<?> before;

        Task(Runnable task) {
            this.task = task;
        }

        @Override
        public void run() {
            Contained.run(faults, SITE, this::begin);
            try {
                task.run();
            } finally {
                Contained.run(faults, SITE, this::end);
            }
        }

        private void begin() {
            before = Names.workFor(call);
        }

        private void end() {
            Names.workFor(before);
        }
    }
}
