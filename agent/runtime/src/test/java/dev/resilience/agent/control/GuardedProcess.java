package dev.resilience.agent.control;

import dev.resilience.agent.guard.AgentThreads;
import dev.resilience.agent.guard.FaultLog;
import dev.resilience.agent.policy.Loaded;
import dev.resilience.agent.policy.PolicyLoader;
import dev.resilience.agent.signal.Signal;
import dev.resilience.agent.signal.Sink;
import dev.resilience.agent.signal.Subject;
import dev.resilience.agent.signal.Trace;
import dev.resilience.instrumentation.api.Call;
import dev.resilience.instrumentation.api.Ending;
import dev.resilience.instrumentation.api.Guard;
import dev.resilience.instrumentation.api.Refusal;
import java.net.URI;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A process of its own that makes guarded calls: {@code POLICIES CALLS MILLIS}. Prints what becomes of them, and goes
 * on until it is ended.
 */
final class GuardedProcess {
    private static final URI TARGET = URI.create("http://payments.svc/");

    public static void main(String[] args) throws Exception {
        Signals signals = Signals.installReloadEarly(GuardedProcess::say);
        Supplier<Loaded> source = () -> PolicyLoader.load(Map.of(), Map.of(), Path.of(args[0]));
        FaultLog faults = new FaultLog(GuardedProcess::say);
        Protection protection =
                Protection.start(source.get(), source, new Silence(), faults, signals, GuardedProcess::say);
        protection.beforeExit(() -> say("flushed"));
        Runtime.getRuntime().addShutdownHook(AgentThreads.daemon("hook", () -> say("hook ran")));
        if (args.length > 3) {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            signal.getMethod("handle", signal, handler)
                    .invoke(
                            null,
                            signal.getConstructor(String.class).newInstance(args[3]),
                            handler.getField("SIG_IGN").get(null));
        }

        int calls = Integer.parseInt(args[1]);
        CountDownLatch begun = new CountDownLatch(calls);
        for (int i = 0; i < calls; i++) {
            AgentThreads.daemon("call", () -> new Running(begun).run(protection, Long.parseLong(args[2])))
                    .start();
        }
        begun.await();
        say("ready");
        while (new Running(new CountDownLatch(1)).run(protection, 1)) {
            TimeUnit.MILLISECONDS.sleep(1);
        }
        new CountDownLatch(1).await();
    }

    private static void say(String line) {
        System.out.println(line);
        System.out.flush();
    }

    private static final class Running extends Call {
        private final CountDownLatch begun;
        private final CountDownLatch cut = new CountDownLatch(1);
        private volatile String message = "";

        Running(CountDownLatch begun) {
            this.begun = begun;
        }

        @Override
        public void cancel(Refusal refusal) {
            message = refusal.message();
            cut.countDown();
        }

        boolean run(Protection protection, long millis) {
            Guard guard = Objects.requireNonNull(protection.guards().http("GET", TARGET));
            Refusal refusal = guard.tryAcquire(this);
            begun.countDown();
            if (refusal != null) {
                say("refused " + refusal.message());
                return false;
            }
            try {
                if (cut.await(millis, TimeUnit.MILLISECONDS)) {
                    say("cut " + message);
                    guard.settle(this, Ending.failed(Ending.OTHER, null));
                } else {
                    guard.settle(this, Ending.OK);
                    if (millis > 1) {
                        say("answered");
                    }
                }
            } catch (InterruptedException impossible) {
                throw new AssertionError(impossible);
            }
            return true;
        }
    }

    private record Silence() implements Sink {
        @Override
        public @Nullable Trace open(Subject subject) {
            return null;
        }

        @Override
        public void accept(Signal signal) {}
    }

    private GuardedProcess() {}
}
