package dev.resilience.simulation;

import java.util.List;
import java.util.SplittableRandom;

/** A setting and a scenario that nobody chose: a service that is well until something happens to a dependency. */
record Drawn(Setting setting, Scenario scenario) {
    static final int FROM = 20;
    static final int UNTIL = 35;
    static final int END = 75;

    /** From when on nothing excuses a guard any more. */
    static final int AGAIN = 65;

    /** Dependencies that are 30 % to 70 % busy, and threads to spare. */
    static Drawn of(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        double rate = between(random, 20, 1000);
        double seconds = between(random, 0.002, 0.1);
        int servers = (int) Math.ceil(rate * seconds / (0.3 + 0.4 * random.nextDouble()));
        int threads = 10 + (int) (2 * rate * seconds * between(random, 2, 40));
        Setting setting = new Setting(
                "drawn",
                rate,
                servers,
                (long) (seconds * Tally.SECOND),
                0.2 + 0.6 * random.nextDouble(),
                2000,
                threads,
                1000);

        Fault.Kind[] kinds = Fault.Kind.values();
        Fault.Kind kind = kinds[random.nextInt(kinds.length)];
        double size = kind == Fault.Kind.ERRORS ? 0.1 + 0.8 * random.nextDouble() : between(random, 2, 8);
        List<Fault> faults = List.of(Scenario.fault(kind, size, FROM, UNTIL));
        Route.Client client = random.nextBoolean() ? Route.Client.USUAL : Route.Client.PATIENT;
        return new Drawn(setting, new Scenario("drawn", faults, client, 0, random.nextBoolean(), FROM, UNTIL, END));
    }

    /** Each order of magnitude as likely as the next. */
    private static double between(SplittableRandom random, double least, double most) {
        return least * Math.exp(random.nextDouble() * Math.log(most / least));
    }

    Run run(Guard guard, long seed) {
        return Run.of(setting, scenario, guard, seed);
    }

    /** The greater share that was refused of what was offered to somebody healthy: A before its fault, B all the time. */
    static double shed(Run run) {
        return Math.max(run.sick().shedHealthy(), run.healthy().refusedShare(0, END));
    }

    /** Whether opening is right, though some calls would be answered: that is what a breaker is for. */
    boolean isReasonToOpen() {
        Fault fault = scenario.faults().get(0);
        return fault.kind() == Fault.Kind.ERRORS && fault.size() >= 0.4;
    }

    /** What the guard lost of A's requests during the fault, against no guard. */
    double lostDuring(Run run, Run bare) {
        return isReasonToOpen()
                ? 0
                : bare.sick().goodShare(FROM, UNTIL) - run.sick().goodShare(FROM, UNTIL);
    }

    /** What it lost afterwards, but for the three seconds that a guard may take to believe it. */
    static double lostAfter(Run run, Run bare) {
        return bare.sick().goodShare(UNTIL + 3, END) - run.sick().goodShare(UNTIL + 3, END);
    }

    static double neighbourLost(Run run, Run bare) {
        return bare.healthy().goodShare(FROM, END) - run.healthy().goodShare(FROM, END);
    }

    /** Whether A is at 90 % of what it was before, though it was ill. */
    static boolean isAlive(Run run) {
        return run.sick().goodShare(AGAIN, END) >= 0.9 * run.sick().goodShare(FROM / 4, FROM);
    }
}
