package dev.resilience.agent.policy;

import static dev.resilience.agent.policy.BadValue.require;

import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads the parts of a static answer. */
final class Answers {
    static final int DEFAULT_STATUS = 200;

    private static final Pattern HEADER = Pattern.compile("[A-Za-z0-9!#$%&'*+.^_`|~-]{1,200}");
    private static final Set<String> NOT_OURS =
            Set.of("content-type", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer");

    /** The bytes of an answer, and what they say if they are JSON. */
    @SuppressWarnings("ArrayRecordComponent") // lives for a moment, never compared
    record Body(byte[] bytes, @Nullable Object json) {
        static final Body EMPTY = new Body(new byte[0], null);
    }

    static int status(Setting setting) {
        int status = Values.number(setting);
        require(status >= 200 && status <= 599, setting.key(), "200 to 599");
        return status;
    }

    static String contentType(Setting setting) {
        String text = setting.text().trim();
        require(
                text.indexOf('/') > 0 && isPrintable(text),
                setting.key(),
                "a media type, for example application/json");
        return text;
    }

    static List<String> header(Setting setting) {
        String name = setting.key().substring(Keys.HEADERS.length());
        require(HEADER.matcher(name).matches(), setting.key(), "the name of a header");
        require(
                !NOT_OURS.contains(name.toLowerCase(Locale.ROOT)),
                setting.key(),
                name.equals("content-type") ? "left out: write content-type beside headers" : "left to the client");
        List<String> values = setting.list() != null ? setting.list() : List.of(setting.text());
        require(values.stream().allMatch(Answers::isPrintable), setting.key(), "one line of printable text");
        return List.copyOf(values);
    }

    static Body body(Setting setting) {
        byte[] bytes = switch (setting.key().substring(Keys.STATIC.length() + 1)) {
            case "body" -> setting.text().getBytes(StandardCharsets.UTF_8);
            case "body-base64" -> base64(setting);
            default -> FileText.bytes(setting.key(), path(setting));
        };
        require(bytes.length <= FileText.MOST_BYTES, setting.key(), "at most 1 MiB");
        return new Body(bytes, setting.key().endsWith("base64") ? null : json(bytes));
    }

    private static byte[] base64(Setting setting) {
        try {
            return Base64.getMimeDecoder().decode(setting.text());
        } catch (IllegalArgumentException notBase64) {
            throw new BadValue(setting.key(), "base64", notBase64);
        }
    }

    private static Path path(Setting setting) {
        try {
            Path path = Path.of(setting.text());
            return setting.directory() == null ? path : setting.directory().resolve(path);
        } catch (InvalidPathException impossible) {
            throw new BadValue(setting.key(), "the path of a file", impossible);
        }
    }

    private static @Nullable Object json(byte[] bytes) {
        try {
            return Json.parse(FileText.text(bytes));
        } catch (CharacterCodingException notText) {
            return null;
        }
    }

    private static boolean isPrintable(String text) {
        return text.chars().allMatch(next -> next == '\t' || (next >= ' ' && next < 0x7F));
    }

    private Answers() {}
}
