package dev.resilience.agent.policy;

import dev.resilience.spi.StrategyProvider;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** What all sources say, before it is verified. */
final class Draft {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_-]{0,63}");

    final Section root = new Section();
    final Section defaults = new Section();
    /** In the order the file writes them; those of other sources follow. */
    final Map<String, Section> policies = new LinkedHashMap<>();

    final List<Problem> problems = new ArrayList<>();
    /** The strategies of others, by name. */
    final Map<String, StrategyProvider> strategies = new TreeMap<>();

    boolean enforceable = true;

    /** An error that leaves nothing to rely on. */
    void fail(String source, String key, String message) {
        problems.add(new Problem(Severity.ERROR, source, key, null, message + "; every policy only observes"));
        enforceable = false;
    }

    void warn(Problem problem) {
        problems.add(problem);
    }

    /** The section of a policy, new or known; an impossible name is told once. */
    Section policy(String name, String source, String written) {
        Section known = policies.get(name);
        if (known != null) {
            return known;
        }
        Section section = new Section();
        policies.put(name, section);
        if (!isName(name)) {
            section.breakDown();
            problems.add(new Problem(
                    Severity.ERROR,
                    source,
                    written,
                    null,
                    "the name of a policy must be 1 to 64 letters, digits, - or _, and neither default nor defaults"
                            + consequence(name)));
        }
        return section;
    }

    static boolean isName(String name) {
        return NAME.matcher(name).matches() && !name.equals(Policy.DEFAULT_NAME) && !name.equals(Keys.DEFAULTS);
    }

    static String consequence(String policy) {
        return "; policy " + policy + " only observes";
    }

    /** What an error in {@code defaults} costs. */
    static final String OF_DEFAULTS = "; policies that take it from defaults only observe";

    /** An error in a section: it is left out, and the section only observes. */
    void fail(Section section, String source, String written, String message) {
        section.breakDown();
        String cost = "; every policy only observes";
        for (Map.Entry<String, Section> policy : policies.entrySet()) {
            if (policy.getValue() == section) {
                cost = consequence(policy.getKey());
            }
        }
        problems.add(new Problem(Severity.ERROR, source, written, null, message + cost));
    }
}
