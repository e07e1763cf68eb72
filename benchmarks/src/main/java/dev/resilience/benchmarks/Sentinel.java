package dev.resilience.benchmarks;

import com.alibaba.csp.sentinel.Entry;
import com.alibaba.csp.sentinel.SphU;
import com.alibaba.csp.sentinel.Tracer;
import com.alibaba.csp.sentinel.slots.block.BlockException;
import com.alibaba.csp.sentinel.slots.block.RuleConstant;
import com.alibaba.csp.sentinel.slots.block.degrade.DegradeRule;
import com.alibaba.csp.sentinel.slots.block.degrade.DegradeRuleManager;
import java.util.List;

/** Makes what Sentinel keeps for the whole JVM: one resource, with or without a rule. */
final class Sentinel {
    private static final String RESOURCE = "peer";
    private static final int MINIMUM_CALLS = 5;

    static Row.Operation entry() {
        return () -> {
            try (Entry entry = SphU.entry(RESOURCE)) {
                return entry == null ? 0 : 1;
            }
        };
    }

    static Row.Operation entryWithRule() {
        load();
        return entry();
    }

    static Row.Operation refusal() throws BlockException {
        load();
        for (int i = 0; i < MINIMUM_CALLS; i++) {
            Entry entry = SphU.entry(RESOURCE);
            Tracer.traceEntry(new IllegalStateException("failed"), entry);
            entry.exit();
        }
        return () -> {
            try (Entry entry = SphU.entry(RESOURCE)) {
                throw new IllegalStateException("admitted " + entry);
            } catch (BlockException e) {
                return e;
            }
        };
    }

    private static void load() {
        DegradeRule rule = new DegradeRule(RESOURCE)
                .setGrade(RuleConstant.DEGRADE_GRADE_EXCEPTION_RATIO)
                .setCount(0.5)
                .setMinRequestAmount(MINIMUM_CALLS)
                .setStatIntervalMs(10_000)
                .setTimeWindow(3600);
        DegradeRuleManager.loadRules(List.of(rule));
    }

    private Sentinel() {}
}
