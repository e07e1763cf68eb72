package dev.resilience.demo;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The services of the shop, and the script that is played on them. */
final class Stage {
    private static final int DRAW_MILLIS = 500;

    private final Belongings belongings;
    private final Screen screen;
    private final Path directory;
    private final Database database;
    private final Service recommendations;
    private final Service prices;
    private final Service listPrices;
    private final double speed;

    Stage(Belongings belongings, Screen screen, Path directory, double speed) throws Exception {
        this.belongings = belongings;
        this.screen = screen;
        this.directory = directory;
        this.speed = speed;
        database = belongings.keep(Database.start());
        recommendations = belongings.keep(Service.start(RecommendationService.class, directory));
        prices = belongings.keep(Service.start(PriceService.class, directory));
        listPrices = belongings.keep(Service.start(PriceService.class, directory, "list"));
    }

    String description() {
        return "HTTP on port " + recommendations.port() + ", gRPC on port " + prices.port() + ", " + database.url();
    }

    /** Where the policy finds a second gRPC server, whose port no file can know. */
    String alternate() {
        return "-Dresilience.policies.price.fallback.alternate.target=127.0.0.1:" + listPrices.port();
    }

    /** Plays the script once. */
    Run play(String title, String shop, List<String> agent, String onward) throws Exception {
        SpanReceiver receiver = belongings.keep(new SpanReceiver(onward));
        Calls calls = new Calls();
        List<String> command = new ArrayList<>(List.of(Processes.java(), "-Xmx192m"));
        command.addAll(agent);
        command.addAll(List.of(
                "-Dsun.net.httpserver.nodelay=true",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                "-Dotel.service.name=shop",
                "-Dotel.exporter.otlp.endpoint=" + receiver.endpoint(),
                "-Dotel.exporter.otlp.protocol=http/protobuf",
                "-Dotel.metrics.exporter=none",
                "-Dotel.logs.exporter=none",
                "-Dotel.bsp.schedule.delay=300",
                "-jar",
                shop));
        Map<String, String> environment = Map.of(
                "PORT",
                "0",
                "DATABASE_URL",
                database.url(),
                "PRICES",
                "127.0.0.1:" + prices.port(),
                "RECOMMENDATIONS_URL",
                "http://127.0.0.1:" + recommendations.port());
        ShopProcess process = belongings.keep(
                ShopProcess.start(command, environment, calls, directory.resolve(title.replace(' ', '-') + ".stderr")));
        Visitors visitors = belongings.keep(new Visitors(process.port()));

        Map<Phase, Run.Window> windows = new EnumMap<>(Phase.class);
        visitors.warmUp();
        visitors.begin();
        for (Phase phase : Phase.values()) {
            long from = wallNanos();
            visitors.count(phase);
            enter(phase);
            watch(title, phase, process, calls, visitors, receiver);
            windows.put(phase, new Run.Window(from, wallNanos()));
        }
        visitors.count(null);
        Run.Ending ending = terminate(process, calls);
        visitors.close();
        recommendations.answerAfter(15);
        List<SeenSpan> spans = receiver.spans();
        receiver.close();
        String handedOn = receiver.onwardReport();
        if (!handedOn.isEmpty()) {
            screen.print(handedOn);
        }
        return new Run(title, calls, visitors, spans, windows, ending);
    }

    private void enter(Phase phase) throws Exception {
        switch (phase) {
            case HTTP_HANGS -> recommendations.hang();
            case HTTP_BACK -> recommendations.resume();
            case GRPC_KILLED -> prices.kill();
            case GRPC_BACK -> prices.restart();
            case DATABASE_STOPPED -> database.stopBackends();
            case DATABASE_BACK -> database.resume();
            case WARM_UP, WELL -> {}
        }
    }

    private void watch(
            String title, Phase phase, ShopProcess process, Calls calls, Visitors visitors, SpanReceiver receiver)
            throws IOException, InterruptedException {
        long end = System.nanoTime() + (long) (phase.seconds() * speed * 1e9);
        for (long left = end - System.nanoTime(); left > 0; left = end - System.nanoTime()) {
            process.run(Math.min(DRAW_MILLIS, TimeUnit.NANOSECONDS.toMillis(left) + 1));
            draw(title, phase, end, calls, visitors, receiver);
        }
    }

    /** SIGTERM, while the HTTP service takes its time so that calls are in flight. */
    private Run.Ending terminate(ShopProcess process, Calls calls) throws IOException, InterruptedException {
        recommendations.answerAfter(150);
        process.run(700);
        List<Calls.Call> inFlight = calls.mark();
        long begin = System.nanoTime();
        process.terminate();
        int exitCode = process.exitCode();
        long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin);
        List<Calls.Call> after = calls.begunSinceMark();
        return new Run.Ending(
                inFlight.size(),
                count(inFlight, Kind.ANSWERED) + count(inFlight, Kind.RESCUED),
                count(inFlight, null),
                after.size(),
                count(after, Kind.ANSWERED),
                millis,
                exitCode);
    }

    private static int count(List<Calls.Call> calls, @Nullable Kind kind) {
        return (int) calls.stream().filter(call -> call.kind() == kind).count();
    }

    private static long wallNanos() {
        return ChronoUnit.NANOS.between(Instant.EPOCH, Instant.now());
    }

    private void draw(String title, Phase phase, long phaseEnd, Calls calls, Visitors visitors, SpanReceiver receiver) {
        long now = System.nanoTime();
        double passed = -(phaseEnd - now) / 1e9 / speed + phase.seconds();
        for (Phase earlier : EnumSet.range(Phase.WARM_UP, phase)) {
            passed += earlier == phase ? 0 : earlier.seconds();
        }
        int total = Phase.totalSeconds();
        int done = (int) Math.min(30, 30 * passed / total);
        List<String> table = new ArrayList<>();
        table.add(String.format(
                Locale.ROOT,
                "%s  [%s%s]  %2.0f of %.0f s  %s",
                title,
                "#".repeat(done),
                "-".repeat(30 - done),
                passed * speed,
                total * speed,
                phase.title().trim()));
        table.add(String.format(
                "  %-22s %-8s %-9s %5s %9s %8s %8s %7s %8s %7s %7s",
                "per second",
                "it is",
                "breaker",
                "calls",
                "answered",
                "rescued",
                "refused",
                "failed",
                "waiting",
                "P50 ms",
                "P99 ms"));
        for (Dependency dependency : Dependency.values()) {
            Calls.Rates rates = calls.rates(dependency, now);
            String breaker = receiver.breaker(dependency);
            table.add(String.format(
                    "  %-22s %-8s %-9s %5d %9d %8d %8d %7d %8d %7s %7s",
                    dependency.title() + " (" + dependency.protocol() + ")",
                    phase.stateOf(dependency),
                    breaker,
                    rates.begun(),
                    rates.perSecond(Kind.ANSWERED),
                    rates.perSecond(Kind.RESCUED),
                    rates.perSecond(Kind.REFUSED),
                    rates.perSecond(Kind.FAILED),
                    rates.waiting(),
                    rates.latencies().text(0.5),
                    rates.latencies().text(0.99)));
        }
        Visitors.Score score = visitors.recent(now);
        table.add(String.format(
                "  visitors, %d/s: page whole %d, rescued %d, a part missing %d, none after %d s %d; P50 %s ms, P99 %s ms",
                Visitors.PER_SECOND,
                score.count(Visitors.View.WHOLE) / 2,
                score.count(Visitors.View.RESCUED) / 2,
                score.count(Visitors.View.PARTIAL) / 2,
                Visitors.PATIENCE.toSeconds(),
                score.count(Visitors.View.NOTHING) / 2,
                score.latencies().text(0.5),
                score.latencies().text(0.99)));
        screen.draw(table, now >= phaseEnd);
    }
}
