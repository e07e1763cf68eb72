package dev.resilience.agent.fallback;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** One case of the corpus: requests, answers and the time between them, and what is to come of it. */
record Script(String name, SnapshotRule rule, List<Step> steps) {
    private static final Pattern DATE = Pattern.compile("@(850|asc)?([+-]\\d+)?");

    /** When every case begins, on the second. */
    private static final Moment START = new Moment(
            Long.MAX_VALUE - Duration.ofHours(1).toNanos(),
            Instant.parse("2026-03-01T08:49:37Z").toEpochMilli());

    sealed interface Step {}

    /** A call that is answered; {@code forbidden} is why its answer is not kept. */
    record Called(
            Head request,
            Duration took,
            Head answer,
            String body,
            @Nullable Forbidden forbidden) implements Step {}

    record Passed(Duration time) implements Step {}

    record Written(Head request, Head answer) implements Step {}

    /** A call that is not answered, or with that status. */
    record Unanswered(
            Head request,
            int status,
            @Nullable Forbidden forbidden,
            int age,
            @Nullable String body,
            Map<String, @Nullable String> changed)
            implements Step {}

    /** A first line and headers, as they are written. */
    record Head(String line, Map<String, List<String>> headers) {
        static Head of(String line) {
            return new Head(line, new TreeMap<>(String.CASE_INSENSITIVE_ORDER));
        }

        Head with(String name, String value) {
            Head other = of(line);
            headers.forEach((key, values) -> other.headers.put(key, new ArrayList<>(values)));
            other.headers.put(name, List.of(value));
            return other;
        }

        boolean says(String words) {
            return line.contains(words);
        }

        int status() {
            return Integer.parseInt(line.substring(0, 3));
        }
    }

    static List<Script> corpus() {
        try (InputStream resource = Script.class.getResourceAsStream("/snapshots/http.txt")) {
            if (resource == null) {
                throw new IllegalStateException("no corpus");
            }
            String text = new String(resource.readAllBytes(), StandardCharsets.UTF_8);
            return Arrays.stream(text.split("(?m)^== ", -1))
                    .skip(1)
                    .map(Script::of)
                    .toList();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Script of(String text) {
        List<String> lines = text.lines().map(String::stripTrailing).toList();
        Reader reader = new Reader();
        for (String line : lines.subList(1, lines.size())) {
            try {
                reader.read(line);
            } catch (RuntimeException e) {
                throw new IllegalStateException(lines.get(0) + ": " + line, e);
            }
        }
        return new Script(lines.get(0), reader.rule(), List.copyOf(reader.steps));
    }

    @Override
    public String toString() {
        return name;
    }

    /** Turns the lines of one case into its steps. */
    private static final class Reader {
        private final List<Step> steps = new ArrayList<>();
        private Duration maxAge = Duration.ofHours(1);
        private boolean shared;
        private List<String> keyHeaders = List.of();
        private @Nullable Head request;
        private @Nullable Head answer;
        private @Nullable Head last;
        private Duration took = Duration.ZERO;
        private String body = "body";

        SnapshotRule rule() {
            return new SnapshotRule(maxAge, SnapshotRule.DEFAULT_MAX_BYTES, shared, keyHeaders);
        }

        void read(String line) {
            int space = line.indexOf(' ');
            String sign = space < 0 ? line : line.substring(0, space);
            String rest = space < 0 ? "" : line.substring(space + 1).strip();
            switch (sign) {
                case "rule" -> rule(rest);
                case ">" -> {
                    boolean begins = !rest.matches("[^ ]+:.*");
                    if (begins) {
                        flush(null);
                    }
                    request = header(request, rest, begins);
                }
                case "took" -> took = seconds(rest);
                case "<" -> answer(rest);
                case "after" -> {
                    flush(null);
                    steps.add(new Passed(seconds(rest)));
                }
                case "!" -> {
                    flush(null);
                    String[] parts = rest.split(" -> ", 2);
                    Head written = Head.of(parts[0]);
                    String[] answered = parts[1].split(" ", 2);
                    Head to = Head.of(answered[0]);
                    steps.add(new Written(written, answered.length < 2 ? to : header(to, answered[1], false)));
                }
                case "=" -> expect(rest);
                case "", "#" -> {}
                default -> throw new IllegalStateException("what is " + sign + "?");
            }
        }

        private void rule(String rest) {
            for (String part : rest.split("; *", 0)) {
                switch (part.split(" ", 2)[0]) {
                    case "shared" -> shared = true;
                    case "max-age" -> maxAge = seconds(part.substring("max-age ".length()));
                    case "key-headers" -> keyHeaders = List.of(part.substring("key-headers ".length()));
                    default -> throw new IllegalStateException(part);
                }
            }
        }

        private static Head header(@Nullable Head head, String text, boolean begins) {
            if (head == null || begins) {
                return Head.of(text);
            }
            int colon = text.indexOf(':');
            head.headers
                    .computeIfAbsent(text.substring(0, colon), name -> new ArrayList<>())
                    .add(text.substring(colon + 1).strip());
            return head;
        }

        private void answer(String rest) {
            if (rest.startsWith("body ")) {
                body = rest.substring("body ".length());
            } else {
                answer = header(answer, rest, rest.matches("\\d{3}( .*)?"));
            }
        }

        /** A request and its answer are complete. */
        private void flush(@Nullable Forbidden forbidden) {
            Head asked = request;
            Head answered = answer;
            if (answered != null && asked != null) {
                steps.add(new Called(asked, took, answered, body, forbidden));
                last = asked;
                request = null;
                answer = null;
                took = Duration.ZERO;
                body = "body";
            }
        }

        private void expect(String rest) {
            String[] words = rest.split(" ", 4);
            if (rest.startsWith("not kept ")) {
                flush(Forbidden.valueOf(words[2]));
                return;
            }
            if (rest.startsWith("kept")) {
                flush(null);
                return;
            }
            if (rest.startsWith("not given ") || rest.startsWith("given ")) {
                boolean given = rest.startsWith("given ");
                flush(null);
                Head asked = request == null ? last : request;
                if (asked == null) {
                    throw new IllegalStateException("nothing was asked");
                }
                String instead = rest.replaceFirst(".* instead of ", "");
                int status = instead.equals(rest) ? 0 : Integer.parseInt(instead);
                steps.add(new Unanswered(
                        asked,
                        status,
                        given ? null : Forbidden.valueOf(words[2]),
                        given ? Integer.parseInt(words[1]) : 0,
                        null,
                        new LinkedHashMap<>()));
                last = asked;
                request = null;
                return;
            }
            Unanswered step = (Unanswered) steps.remove(steps.size() - 1);
            String given = step.body();
            if (words[0].equals("without")) {
                step.changed().put(words[1], null);
            } else if (words[0].equals("with")) {
                step.changed().put(words[1].replace(":", ""), rest.substring(rest.indexOf(": ") + 2));
            } else {
                given = rest.substring("body ".length());
            }
            steps.add(
                    new Unanswered(step.request(), step.status(), step.forbidden(), step.age(), given, step.changed()));
        }

        private static Duration seconds(String text) {
            return Duration.parse("PT" + text.toUpperCase(Locale.ROOT));
        }
    }

    /** One who makes the calls of a case, as it is written or with a credential of its own. */
    static final class Player {
        private final Script script;
        private final int number;
        private final HttpSnapshots snapshots;
        private final TargetStamps stamps;
        private final @Nullable String principal;
        private Moment now = START;
        private int next;

        Player(Script script, int number, HttpSnapshots snapshots, TargetStamps stamps, @Nullable String principal) {
            this.script = script;
            this.number = number;
            this.snapshots = snapshots;
            this.stamps = stamps;
            this.principal = principal;
        }

        boolean isThrough() {
            return next == script.steps().size();
        }

        /** The next step; {@code news} is told of what came of it. */
        void step(Consumer<Result> news) {
            Step step = script.steps().get(next++);
            if (step instanceof Passed passed) {
                pass(passed.time());
            } else if (step instanceof Written written) {
                HttpAsked asked = asked(written.request());
                stamps.answered(asked, answered(written.answer(), asked));
            } else if (step instanceof Called called) {
                news.accept(new Result(called, call(called), null));
            } else if (step instanceof Unanswered unanswered) {
                HttpAsked asked = asked(unanswered.request());
                Forbidden why = snapshots.whyNot(asked, unanswered.status(), now);
                news.accept(new Result(unanswered, why, snapshots.give(asked, unanswered.status(), now)));
            }
        }

        private @Nullable Forbidden call(Called called) {
            HttpAsked asked = asked(called.request());
            HttpSnapshots.Pending pending = snapshots.asking(asked, now);
            pass(called.took());
            if (pending == null) {
                return HttpCaching.keepingAnswerTo(asked);
            }
            byte[] body = asked.method().equals("HEAD") ? new byte[0] : body(called);
            return pending.keep(answered(called.answer(), asked), now, body);
        }

        byte[] body(Called called) {
            return ((principal == null ? "" : principal + ": ") + called.body()).getBytes(StandardCharsets.UTF_8);
        }

        /** The headers that are to be given, if the answer is {@code called}'s. */
        Map<String, List<String>> expected(Called called, Unanswered unanswered) {
            Map<String, List<String>> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
            headers.put("Date", List.of(dated("@")));
            headers.putAll(dated(called.answer().headers()));
            if (principal != null) {
                headers.put("X-For", List.of(principal));
            }
            headers.put("Age", List.of(Integer.toString(unanswered.age())));
            unanswered.changed().forEach((name, value) -> {
                if (value == null) {
                    headers.remove(name);
                } else {
                    headers.put(name, List.of(dated(value)));
                }
            });
            return headers;
        }

        private void pass(Duration time) {
            now = new Moment(now.nanos() + time.toNanos(), now.epochMillis() + time.toMillis());
        }

        private HttpAsked asked(Head written) {
            Head head = written;
            if (principal != null) {
                List<String> known = written.headers().getOrDefault("Authorization", List.of("Bearer"));
                head = written.with("Authorization", known.get(0) + " " + principal);
            }
            String[] words = head.line().split(" ", 3);
            URI uri = URI.create(
                    words[1].startsWith("/") ? "http://shop/" + number + words[1] : words[1].replace("#", "" + number));
            return new HttpAsked(
                    words[0],
                    uri,
                    Fields.of(head.headers()),
                    head.says(" with a body"),
                    List.of(),
                    head.says(" of a client with credentials"));
        }

        private HttpAnswered answered(Head head, HttpAsked asked) {
            String from = head.line().replaceFirst("^\\d{3}( from )?", "");
            URI uri = from.isEmpty() ? asked.uri() : URI.create(from.replace("#", "" + number));
            Map<String, List<String>> headers = dated(head.headers());
            headers.computeIfPresent(
                    "Location", (name, values) -> List.of(values.get(0).replace("#", "" + number)));
            headers.computeIfPresent(
                    "Content-Location", (name, values) -> List.of(values.get(0).replace("#", "" + number)));
            if (principal != null) {
                headers.put("X-For", List.of(principal));
            }
            return new HttpAnswered(head.status(), uri, Fields.of(headers));
        }

        private static Map<String, List<String>> dated(Map<String, List<String>> headers) {
            Map<String, List<String>> dated = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
            headers.forEach((name, values) ->
                    dated.put(name, values.stream().map(Player::dated).toList()));
            return dated;
        }

        /** {@code @-5} is five seconds before the case begins; {@code @850} and {@code @asc} are in the old forms. */
        private static String dated(String value) {
            Matcher matcher = DATE.matcher(value);
            if (!matcher.matches()) {
                return value;
            }
            int seconds = matcher.group(2) == null ? 0 : Integer.parseInt(matcher.group(2));
            String form = matcher.group(1) == null ? "" : matcher.group(1);
            String pattern = switch (form) {
                case "850" -> "EEEE, dd-MMM-yy HH:mm:ss 'GMT'";
                case "asc" -> "EEE MMM ppd HH:mm:ss yyyy";
                default -> "EEE, dd MMM yyyy HH:mm:ss 'GMT'";
            };
            return DateTimeFormatter.ofPattern(pattern, Locale.US)
                    .format(Instant.ofEpochMilli(START.epochMillis() + seconds * 1_000L)
                            .atOffset(ZoneOffset.UTC));
        }
    }

    /** What came of a step: why something was forbidden, or null; and what was given, if anything was. */
    record Result(
            Step step,
            @Nullable Forbidden forbidden,
            @Nullable HttpGiven given) {}
}
