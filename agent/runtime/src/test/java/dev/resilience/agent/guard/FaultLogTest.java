package dev.resilience.agent.guard;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class FaultLogTest {
    private final List<String> lines = new ArrayList<>();
    private final FaultLog faults = new FaultLog(lines::add);

    @Test
    void printsTheFirstOfEachSiteAndCountsAll() {
        faults.report("a/b", new IOException("x"));
        faults.report("a/b", new IOException("y"));

        assertThat(lines)
                .containsExactly("resilience: fault at a/b: java.io.IOException: x; calls go on unguarded there");
        assertThat(faults.bySite()).containsEntry("a/b", 2L);
    }

    @Test
    void printsABoundedNumberOfSites() {
        for (int i = 0; i < 1_000; i++) {
            faults.report("site" + i, new IOException());
        }

        assertThat(lines).hasSize(257);
        assertThat(faults.total()).isEqualTo(1_000);
    }

    @Test
    void survivesAFaultThatCannotBePrinted() {
        faults.report("a/b", new IOException() {
            @Override
            public String getMessage() {
                throw new AssertionError();
            }
        });

        assertThat(faults.total()).isPositive();
    }

    @Test
    void namesNoTwoDecisionsAlike() {
        DecisionIds ids = new DecisionIds();
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < 100_000; i++) {
            String id = DecisionIds.text(ids.next());
            assertThat(id).hasSize(16);
            seen.add(id);
        }
        assertThat(seen).hasSize(100_000);
    }
}
