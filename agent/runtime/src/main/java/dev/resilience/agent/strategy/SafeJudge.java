package dev.resilience.agent.strategy;

import dev.resilience.instrumentation.api.Faults;
import dev.resilience.spi.Interval;
import dev.resilience.spi.Judge;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A judge whose faults are counted. After the first it is not asked again, and trips nothing. */
final class SafeJudge implements Judge {
    private final String site;
    private final Faults faults;
    private @Nullable Judge judge;

    SafeJudge(String site, Faults faults, Supplier<? extends Judge> judges) {
        this.site = site;
        this.faults = faults;
        try {
            judge = judges.get();
            if (judge == null) {
                throw new IllegalStateException("there is no judge");
            }
        } catch (Throwable fault) {
            failed(fault);
        }
    }

    @Override
    public boolean trips(Interval interval) {
        try {
            return judge != null && judge.trips(interval);
        } catch (Throwable fault) {
            failed(fault);
            return false;
        }
    }

    @Override
    public String counts() {
        try {
            String counts = judge == null ? null : judge.counts();
            return counts == null ? site + " judges nothing" : counts;
        } catch (Throwable fault) {
            failed(fault);
            return site + " judges nothing";
        }
    }

    @Override
    public boolean isQuiet() {
        try {
            return judge == null || judge.isQuiet();
        } catch (Throwable fault) {
            failed(fault);
            return true;
        }
    }

    private void failed(Throwable fault) {
        judge = null;
        faults.report(site, fault);
    }
}
