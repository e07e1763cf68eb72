package dev.resilience.agent.policy;

import static dev.resilience.agent.policy.BadValue.require;

import dev.resilience.agent.strategy.Strategies;
import dev.resilience.engine.BreakerConfig;
import dev.resilience.engine.Strategy;
import dev.resilience.spi.StrategyProvider;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Verifies one section into a policy: what it does not say comes from {@code defaults}. */
final class PolicyReader {
    private final String name;
    private final Section own;
    private final Section defaults;
    private final boolean isDefaults;
    private final List<Problem> problems;
    /** Settings of {@code defaults} that are told already. */
    private final Set<Setting> told;

    private final Draft draft;
    private final Strategies strategies;
    private boolean observes;

    PolicyReader(String name, Section own, Draft draft, Strategies strategies, Set<Setting> told) {
        this.name = name;
        this.own = own;
        this.defaults = draft.defaults;
        this.isDefaults = own == defaults;
        this.problems = draft.problems;
        this.told = told;
        this.draft = draft;
        this.strategies = strategies;
        this.observes = own.isBroken() || defaults.isBroken();
    }

    /** The policies of a draft, the default one first. */
    static List<Policy> read(Draft draft, Mode mode, Strategies strategies) {
        Set<Setting> told = new HashSet<>();
        List<Policy> policies = new ArrayList<>();
        policies.add(new PolicyReader(Policy.DEFAULT_NAME, draft.defaults, draft, strategies, told).read(mode));
        draft.policies.forEach(
                (name, section) -> policies.add(new PolicyReader(name, section, draft, strategies, told).read(mode)));
        return policies;
    }

    private Policy read(Mode rootMode) {
        Match match = isDefaults ? noMatch() : match();
        Mode mode = value("mode", setting -> Values.word(setting, Mode.class), rootMode);
        Key key = value("key", setting -> Values.word(setting, Key.class), Policy.DEFAULT_KEY);
        BreakerConfig breaker = new BreakerReader(this, strategies).read(key);
        FailureRules failures = failures(match);
        Deadline deadline = deadline();
        StreamTimers streams = streams(match);
        StallAfter stallAfter = stallAfter(match);
        LimitConfig limit =
                new LimitReader(this).read(breaker != null && breaker.strategy() instanceof Strategy.Adaptive);
        List<Link> chain = new ChainReader(this).read(match, deadline);
        Retries retries = new RetryReader(this).read(match);
        return new Policy(
                name,
                observes ? Mode.OBSERVE : mode,
                match,
                key,
                limit.withLimits(breaker),
                failures,
                deadline,
                streams,
                stallAfter,
                limit.besides(breaker),
                chain,
                retries);
    }

    private Match noMatch() {
        for (Setting setting : own.all()) {
            if (setting.key().startsWith(Keys.MATCH)) {
                fail(setting, "left out: defaults is for every call that no policy matches");
            }
        }
        return Match.ALL;
    }

    private Match match() {
        Protocol protocol = optional("match.protocol", setting -> Values.word(setting, Protocol.class));
        Glob host = optional("match.host", setting -> glob(setting, Glob::host));
        List<Integer> ports = value("match.port", PolicyReader::ports, List.of());
        List<Glob> methods = value("match.method", PolicyReader::methods, List.of());
        Glob path = optional("match.path", PolicyReader::path);
        Glob authority = optional("match.authority", setting -> glob(setting, Glob::authority));
        Glob service = optional("match.service", setting -> glob(setting, Glob::service));
        Glob url = optional("match.url", PolicyReader::url);
        Glob pool = optional("match.pool", setting -> glob(setting, Glob::pool));
        try {
            return new Match(protocol, host, ports, methods, path, authority, service, url, pool);
        } catch (BadValue contradiction) {
            fail(firstOf(Keys.MATCH), contradiction.rule());
            return new Match(protocol, null, List.of(), List.of(), null, null, null, null, null);
        }
    }

    private static Glob glob(Setting setting, Function<String, Glob> kind) {
        String text = setting.text();
        require(!text.isEmpty(), setting.key(), "a name or a pattern");
        return kind.apply(text);
    }

    private static List<Integer> ports(Setting setting) {
        List<Integer> ports = new ArrayList<>();
        for (String entry : setting.entries()) {
            int port = Values.number(setting, entry);
            require(port >= 1 && port <= 65535, setting.key(), "1 to 65535");
            ports.add(port);
        }
        require(!ports.isEmpty(), setting.key(), "1 to 65535");
        return ports;
    }

    private static List<Glob> methods(Setting setting) {
        List<String> entries = setting.entries();
        require(
                !entries.isEmpty() && entries.stream().noneMatch(String::isEmpty),
                setting.key(),
                "a method or a list of methods");
        return entries.stream().map(Glob::method).toList();
    }

    private static Glob path(Setting setting) {
        String text = setting.text();
        require(text.startsWith("/") || text.startsWith("*"), setting.key(), "a path that starts with / or *");
        require(text.indexOf('?') < 0, setting.key(), "a path without its query");
        return Glob.path(text);
    }

    private static Glob url(Setting setting) {
        String text = setting.text();
        require(text.startsWith("jdbc:") || text.startsWith("*"), setting.key(), "a URL that starts with jdbc: or *");
        require(text.indexOf('?') < 0 && text.indexOf(';') < 0, setting.key(), "a URL without its parameters");
        return Glob.url(text);
    }

    private FailureRules failures(Match match) {
        Setting failureOn = effective("breaker.failure-on");
        Setting ignore = effective("breaker.ignore");
        List<String> failing = failureOn == null ? null : tokens(failureOn, match);
        List<String> ignored = ignore == null ? null : tokens(ignore, match);
        return new FailureRules(
                rule(Protocol.HTTP, failureOn, failing, ignore, ignored, match),
                rule(Protocol.GRPC, failureOn, failing, ignore, ignored, match),
                rule(Protocol.JDBC, failureOn, failing, ignore, ignored, match));
    }

    private FailureRule rule(
            Protocol protocol,
            @Nullable Setting failureOn,
            @Nullable List<String> failing,
            @Nullable Setting ignore,
            @Nullable List<String> ignored,
            Match match) {
        return FailureRule.of(
                protocol,
                failureOn == null || failing == null
                        ? null
                        : FailureToken.replacing(protocol, failing, served(failureOn, match)),
                ignore == null || ignored == null
                        ? List.of()
                        : FailureToken.of(protocol, ignored, served(ignore, match)));
    }

    /** The protocols that this setting is written for. */
    private Set<Protocol> served(Setting setting, Match match) {
        Set<Protocol> served = EnumSet.allOf(Protocol.class);
        if (setting.equals(own.get(setting.key()))) {
            served.removeIf(protocol -> !match.serves(protocol));
        }
        return served;
    }

    private @Nullable List<String> tokens(Setting setting, Match match) {
        Set<Protocol> served = served(setting, match);
        return optional(setting.key(), given -> {
            for (String token : given.entries()) {
                FailureToken.verify(given.key(), token, served);
            }
            return given.entries();
        });
    }

    private Deadline deadline() {
        return value("deadline", PolicyReader::deadline, Deadline.Rule.BY_PROTOCOL);
    }

    private static Deadline deadline(Setting setting) {
        String text = setting.text();
        if (text.equals("none")) {
            return Deadline.Rule.NONE;
        }
        if (text.equals("adaptive")) {
            return Deadline.Rule.ADAPTIVE;
        }
        require(text.isEmpty() || !Character.isLetter(text.charAt(0)), setting.key(), Deadline.Fixed.RANGE);
        return new Deadline.Fixed(Values.duration(setting));
    }

    private StallAfter stallAfter(Match match) {
        StallAfter stallAfter = value("stall-after", PolicyReader::stallAfter, StallAfter.Rule.ADAPTIVE);
        if (stallAfter == StallAfter.Rule.ADAPTIVE && !match.serves(Protocol.HTTP)) {
            warn("stall-after", "has no effect: it is learned for HTTP alone, which this policy does not guard");
        }
        return stallAfter;
    }

    private static StallAfter stallAfter(Setting setting) {
        String text = setting.text();
        if (text.equals("none")) {
            return StallAfter.Rule.NONE;
        }
        if (text.equals("adaptive")) {
            return StallAfter.Rule.ADAPTIVE;
        }
        require(text.isEmpty() || !Character.isLetter(text.charAt(0)), setting.key(), StallAfter.Fixed.RANGE);
        return new StallAfter.Fixed(Values.duration(setting));
    }

    private StreamTimers streams(Match match) {
        Duration firstMessage = optional("stream.first-message", PolicyReader::timer);
        Duration idle = optional("stream.idle", PolicyReader::timer);
        Duration total = optional("stream.total", PolicyReader::timer);
        if (!match.serves(Protocol.GRPC)) {
            for (String key : Keys.STREAMS) {
                warn(key, "has no effect: streams are gRPC's, which this policy does not guard");
            }
        }
        return new StreamTimers(firstMessage, idle, total);
    }

    private static @Nullable Duration timer(Setting setting) {
        String text = setting.text();
        if (text.equals("none")) {
            return null;
        }
        require(text.isEmpty() || !Character.isLetter(text.charAt(0)), setting.key(), StreamTimers.RANGE);
        Duration budget = Values.duration(setting);
        StreamTimers.requireBudget(budget, setting.key());
        return budget;
    }

    <T> T value(String key, Function<Setting, T> reader, T otherwise) {
        T value = optional(key, reader);
        return value == null ? otherwise : value;
    }

    /** Null when nothing is given, or when what is given is an error. */
    <T> @Nullable T optional(String key, Function<Setting, @Nullable T> reader) {
        Setting setting = effective(key);
        if (setting == null) {
            return null;
        }
        try {
            return reader.apply(setting);
        } catch (BadValue unreadable) {
            fail(setting, unreadable.rule());
            return null;
        }
    }

    @Nullable
    Setting effective(String key) {
        Setting setting = own.get(key);
        return setting == null && inherits(key) ? defaults.get(key) : setting;
    }

    private boolean inherits(String key) {
        if (key.startsWith(Keys.FALLBACK)) {
            return inheritsFallback();
        }
        // a duration or a number, or whatever it is to somebody else, as the strategy says
        if (key.equals("breaker.window") || key.startsWith(Keys.SETTINGS)) {
            Setting strategy = own.get("breaker.strategy");
            Setting theirs = defaults.get("breaker.strategy");
            String standard = "time-window";
            return strategy == null
                    || String.valueOf(strategy.value()).equals(theirs == null ? standard : theirs.value());
        }
        return !key.startsWith(Keys.MATCH);
    }

    /** Where the fallback is taken from, as a whole. */
    Section fallback() {
        return inheritsFallback() ? defaults : own;
    }

    boolean inheritsFallback() {
        return !own.has(Keys.FALLBACK);
    }

    /** Whether it reads the policy of calls that no other matches. */
    boolean isDefaults() {
        return isDefaults;
    }

    /** The strategies of others, by name. */
    Map<String, StrategyProvider> strategies() {
        return draft.strategies;
    }

    /** The keys that count below this one. */
    Set<String> below(String prefix) {
        Set<String> keys = new TreeSet<>();
        for (Section section : List.of(own, defaults)) {
            for (Setting setting : section.all()) {
                if (setting.key().startsWith(prefix) && effective(setting.key()) != null) {
                    keys.add(setting.key());
                }
            }
        }
        return keys;
    }

    /** Whether the policy says this itself. */
    boolean says(String key) {
        return own.get(key) != null;
    }

    Setting firstOf(String prefix) {
        for (Section section : List.of(own, defaults)) {
            for (Setting setting : section.all()) {
                if (setting.key().startsWith(prefix)) {
                    return setting;
                }
            }
        }
        throw new IllegalStateException("nothing is set below " + prefix);
    }

    /** A warning of a setting that the policy itself gives; what {@code defaults} gives may be meant for others. */
    void warn(String key, String message) {
        Setting setting = own.get(key);
        if (setting != null && !isDefaults) {
            problems.add(setting.problem(Severity.WARNING, message));
        }
    }

    /** An error in a setting; {@code rule} completes "must be". */
    void fail(Setting setting, String rule) {
        observes = true;
        boolean mine = setting.equals(own.get(setting.key())) && !isDefaults;
        if (!told.add(setting)) {
            return;
        }
        problems.add(setting.problem(
                Severity.ERROR, "must be " + rule + (mine ? Draft.consequence(name) : Draft.OF_DEFAULTS)));
    }
}
