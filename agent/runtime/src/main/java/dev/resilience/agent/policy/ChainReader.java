package dev.resilience.agent.policy;

import static dev.resilience.agent.policy.BadValue.require;

import dev.resilience.agent.target.JdbcUrl;
import dev.resilience.instrumentation.api.StaticAnswer;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Verifies what a policy says below {@code fallback}. */
final class ChainReader {
    private static final String NONE = "none";
    private static final String CHAIN = "fallback.chain";
    private static final String ALTERNATE = "fallback.alternate";
    private static final String DEADLINE = ALTERNATE + ".deadline";
    private static final String URI_KEY = ALTERNATE + ".uri";
    private static final String TARGET_KEY = ALTERNATE + ".target";
    private static final String URL_KEY = ALTERNATE + ".url";
    private static final String URL_RULE = "a JDBC URL of PostgreSQL or H2, for example jdbc:postgresql://replica/shop";

    /** Databases whose statements are known well enough to be made again elsewhere. */
    private static final List<String> DRIVERS = List.of("jdbc:postgresql:", "jdbc:h2:");

    /** In a URL, or in the user before its host. */
    private static final Pattern PASSWORD = Pattern.compile("password\\d*=|//[^/?;]*@", Pattern.CASE_INSENSITIVE);

    private static final String ANOTHER = "another target than the one this policy guards";
    private static final List<String> BODIES =
            List.of("fallback.static.body", "fallback.static.body-base64", "fallback.static.body-file");

    private final PolicyReader policy;
    private final Section section;

    ChainReader(PolicyReader policy) {
        this.policy = policy;
        this.section = policy.fallback();
    }

    List<Link> read(Match match, Deadline deadline) {
        Setting none = section.get(Keys.FALLBACK);
        Setting strongest = strongest();
        if (none != null && !none.text().equals(NONE)) {
            policy.fail(none, "none, or a list of links: " + String.join(", ", Keys.LINKS));
            return List.of();
        }
        if (strongest == null || (none != null && none.layer().compareTo(strongest.layer()) > 0)) {
            return List.of();
        }
        if (none != null && none.layer() == strongest.layer()) {
            policy.fail(none, "left out beside a link");
            return List.of();
        }
        List<Link> chain = new ArrayList<>();
        for (String kind : order()) {
            int before = chain.size();
            switch (kind) {
                case "snapshot" -> snapshot(match, chain);
                case "static" -> answer(match, chain);
                default -> alternates(match, chain);
            }
            when(kind, chain.subList(before, chain.size()));
        }
        return reserves(chain, deadline) ? chain : List.of();
    }

    /** Puts these links, which are of this kind, on the condition that is given for it, if any. */
    private void when(String kind, List<Link> links) {
        String key = Keys.FALLBACK + "." + kind + ".when";
        Condition when = policy.optional(key, setting -> {
            Condition condition = Condition.parse(key, setting.text());
            if (!policy.inheritsFallback() && !links.isEmpty()) {
                condition.requireFor(key, protocol -> links.stream().anyMatch(link -> link.serves(protocol)));
            }
            return condition;
        });
        if (when != null) {
            links.replaceAll(link -> new Link.Conditional(link, when));
        }
    }

    private @Nullable Setting strongest() {
        return section.all().stream()
                .filter(setting -> setting.key().startsWith(Keys.FALLBACK + "."))
                .max(Comparator.comparing(Setting::layer))
                .orElse(null);
    }

    /** The kinds that are given, as {@code chain} says; those that it does not name follow. */
    private Set<String> order() {
        Set<String> order = new LinkedHashSet<>();
        List<String> said = policy.optional(CHAIN, setting -> {
            for (String kind : setting.entries()) {
                require(Keys.LINKS.contains(kind), CHAIN, "a list of " + String.join(", ", Keys.LINKS));
                require(isGiven(kind), CHAIN, "a list of links that are given: fallback." + kind + " is not");
            }
            return setting.entries();
        });
        if (said != null) {
            order.addAll(said);
        }
        Keys.LINKS.stream().filter(this::isGiven).forEach(order::add);
        return order;
    }

    private boolean isGiven(String kind) {
        return section.has(Keys.FALLBACK + "." + kind);
    }

    /** A deadline that nothing of is left for the call itself is none. */
    private boolean reserves(List<Link> chain, Deadline deadline) {
        if (!(deadline instanceof Deadline.Fixed fixed)) {
            return true;
        }
        boolean isLeft = true;
        for (Protocol protocol : Protocol.values()) {
            Duration reserved = chain.stream()
                    .filter(link -> link.serves(protocol))
                    .map(Link::reserved)
                    .reduce(Duration.ZERO, Duration::plus);
            isLeft &= reserved.compareTo(fixed.budget()) < 0;
        }
        if (isLeft) {
            return true;
        }
        Setting ofAlternate = policy.effective(DEADLINE);
        if (ofAlternate != null) {
            policy.fail(
                    ofAlternate,
                    "shorter than deadline, of which it is a part: "
                            + fixed.budget().toMillis() + "ms");
        } else {
            policy.fail(
                    policy.firstOf("deadline"),
                    "longer than " + DEADLINE + ", which is a part of it, and "
                            + Link.Alternate.DEFAULT_DEADLINE.toMillis() + "ms unless given");
        }
        return false;
    }

    private void snapshot(Match match, List<Link> chain) {
        Link.Snapshot link = new SnapshotReader(policy).read(match);
        if (link != null) {
            chain.add(link);
        }
    }

    /** One for each protocol that there is somebody to ask in. */
    private void alternates(Match match, List<Link> chain) {
        Setting saidUri = policy.effective(URI_KEY);
        Setting saidTarget = policy.effective(TARGET_KEY);
        Setting saidUrl = policy.effective(URL_KEY);
        if (saidUri == null && saidTarget == null && saidUrl == null) {
            policy.fail(
                    policy.firstOf(ALTERNATE), "given together with " + URI_KEY + ", " + TARGET_KEY + " or " + URL_KEY);
            return;
        }
        Duration deadline = policy.value(DEADLINE, ChainReader::deadline, Link.Alternate.DEFAULT_DEADLINE);
        boolean credentials = policy.value(ALTERNATE + ".credentials", Values::flag, false);
        boolean plaintext = policy.value(ALTERNATE + ".plaintext", Values::flag, false);
        if (saidUri != null && serves(match, Protocol.HTTP, saidUri)) {
            URI uri = policy.optional(URI_KEY, setting -> uri(setting, match));
            if (uri != null) {
                chain.add(new Link.Alternate(uri, deadline, credentials));
            }
        }
        if (saidTarget != null && serves(match, Protocol.GRPC, saidTarget)) {
            String target = policy.optional(TARGET_KEY, setting -> target(setting, match));
            if (target != null) {
                chain.add(new Link.AlternateChannel(target, plaintext, deadline, credentials));
            }
        }
        if (saidUrl != null && serves(match, Protocol.JDBC, saidUrl) && isForNamed(saidUrl, match)) {
            String url = policy.optional(URL_KEY, setting -> url(setting, match));
            if (url != null) {
                chain.add(new Link.AlternateDatabase(url, deadline, credentials));
            }
        }
    }

    /** One database stands in for those a policy names, and not for every other. */
    private boolean isForNamed(Setting url, Match match) {
        boolean isSaid = policy.says(URL_KEY);
        boolean isNamed = match.url() != null || match.pool() != null;
        if (isSaid && !isNamed) {
            policy.fail(url, "given together with match.url or match.pool: it stands in for the databases they name");
        }
        return isSaid && isNamed;
    }

    private static String url(Setting setting, Match match) {
        String url = setting.text();
        require(
                DRIVERS.stream().anyMatch(url::startsWith) && url.chars().noneMatch(Character::isWhitespace),
                setting.key(),
                URL_RULE);
        require(
                !PASSWORD.matcher(url).find(),
                setting.key(),
                "without a password: with " + ALTERNATE + ".credentials it is opened as the connection was");
        Glob guarded = match.url();
        require(guarded == null || !guarded.isLiteral() || !guarded.matches(JdbcUrl.bare(url)), setting.key(), ANOTHER);
        return url;
    }

    /** What {@code defaults} says of another protocol is meant for others. */
    private boolean serves(Match match, Protocol protocol, Setting setting) {
        if (match.serves(protocol)) {
            return true;
        }
        if (!policy.inheritsFallback()) {
            policy.fail(setting, "left out: it is for " + protocol.text() + ", which this policy does not guard");
        }
        return false;
    }

    private static String target(Setting setting, Match match) {
        String target = setting.text();
        require(
                !target.isEmpty() && target.chars().allMatch(next -> next > ' ' && next < 0x7F && next != '@'),
                setting.key(),
                "the target of a channel, for example dns:///backup:9000");
        Glob authority = match.authority();
        require(authority == null || !authority.isLiteral() || !authority.matches(target), setting.key(), ANOTHER);
        return target;
    }

    private static Duration deadline(Setting setting) {
        Duration deadline = Values.duration(setting);
        Link.Alternate.requireDeadline(deadline);
        return deadline;
    }

    private static URI uri(Setting setting, Match match) {
        String rule = "a URI with scheme http or https, a host, and no user, query or fragment";
        URI uri;
        try {
            uri = new URI(setting.text());
        } catch (URISyntaxException malformed) {
            throw new BadValue(setting.key(), rule, malformed);
        }
        require(
                ("http".equalsIgnoreCase(uri.getScheme()) || "https".equalsIgnoreCase(uri.getScheme()))
                        && uri.getHost() != null
                        && uri.getRawUserInfo() == null
                        && uri.getRawQuery() == null
                        && uri.getRawFragment() == null,
                setting.key(),
                rule);
        require(!isWhatIsGuarded(uri, match), setting.key(), ANOTHER);
        return uri;
    }

    /** Where the policy names one host; a pattern may mean the alternate as well, whose own calls have no fallback. */
    private static boolean isWhatIsGuarded(URI uri, Match match) {
        int port = uri.getPort() >= 0 ? uri.getPort() : "https".equalsIgnoreCase(uri.getScheme()) ? 443 : 80;
        boolean isSamePath = uri.getRawPath().isEmpty() || uri.getRawPath().equals("/");
        return isSamePath
                && match.host() != null
                && match.host().isLiteral()
                && match.host().matches(uri.getHost())
                && (match.ports().isEmpty() || match.ports().contains(port));
    }

    private void answer(Match match, List<Link> chain) {
        if (match.serves(Protocol.HTTP) || match.serves(Protocol.GRPC)) {
            StaticAnswer answer = answerOf(match);
            chain.add(new Link.Static(answer, answered(answer, match)));
        } else if (!policy.inheritsFallback()) {
            policy.fail(
                    policy.firstOf(Keys.STATIC),
                    "left out: a static answer serves HTTP and gRPC, and this policy guards jdbc only");
        }
    }

    /** Bytes that somebody else may have meant for HTTP are no gRPC message. */
    private Set<Protocol> answered(StaticAnswer answer, Match match) {
        Set<Protocol> answered = EnumSet.noneOf(Protocol.class);
        if (match.serves(Protocol.HTTP)) {
            answered.add(Protocol.HTTP);
        }
        boolean forGrpcAlone = !policy.inheritsFallback() && !match.serves(Protocol.HTTP);
        if (match.serves(Protocol.GRPC) && (forGrpcAlone || answer.json() instanceof Map)) {
            answered.add(Protocol.GRPC);
        }
        return answered;
    }

    private StaticAnswer answerOf(Match match) {
        int status = policy.value("fallback.static.status", Answers::status, Answers.DEFAULT_STATUS);
        String contentType = policy.optional("fallback.static.content-type", Answers::contentType);
        Map<String, List<String>> headers = new LinkedHashMap<>();
        for (Setting setting : section.all()) {
            if (setting.key().startsWith(Keys.HEADERS)) {
                List<String> values = policy.optional(setting.key(), Answers::header);
                if (values != null) {
                    headers.put(setting.key().substring(Keys.HEADERS.length()), values);
                }
            }
        }
        Answers.Body body = body(match);
        return new StaticAnswer(status, contentType, headers, body.bytes(), body.json());
    }

    private Answers.Body body(Match match) {
        Setting chosen = null;
        for (String key : BODIES) {
            Setting setting = section.get(key);
            if (setting == null || (chosen != null && setting.layer().compareTo(chosen.layer()) < 0)) {
                continue;
            }
            if (chosen != null && setting.layer() == chosen.layer()) {
                policy.fail(setting, "left out: only one of body, body-base64 and body-file can be given");
                return Answers.Body.EMPTY;
            }
            chosen = setting;
        }
        if (chosen == null) {
            return Answers.Body.EMPTY;
        }
        Answers.Body body = policy.value(chosen.key(), Answers::body, Answers.Body.EMPTY);
        boolean message = body.json() instanceof Map;
        if (chosen.key().equals("fallback.static.body") && !match.serves(Protocol.HTTP) && !message) {
            policy.fail(chosen, "a JSON object: the message of the gRPC method in protobuf's JSON form");
        }
        return body;
    }
}
