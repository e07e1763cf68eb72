package dev.resilience.agent.policy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Reads the files a configuration names, bounded. */
final class FileText {
    static final int MOST_BYTES = 1 << 20;

    /** The bytes of the file; otherwise {@link BadValue} says why not. */
    static byte[] bytes(String key, Path file) {
        try {
            if (!Files.exists(file)) {
                throw new NoSuchFileException(file.toString());
            }
            if (!Files.isRegularFile(file)) {
                throw new BadValue(key, "a file; " + file + " is none");
            }
            try (InputStream in = Files.newInputStream(file)) {
                byte[] bytes = in.readNBytes(MOST_BYTES + 1);
                BadValue.require(bytes.length <= MOST_BYTES, key, "a file of at most 1 MiB; " + file + " is larger");
                return bytes;
            }
        } catch (NoSuchFileException absent) {
            throw new BadValue(key, "a file that exists; " + file + " does not", absent);
        } catch (IOException | SecurityException unreadable) {
            throw new BadValue(key, "a file that can be read; " + file + " cannot: " + unreadable, unreadable);
        }
    }

    static String text(byte[] bytes) throws CharacterCodingException {
        String text = StandardCharsets.UTF_8
                .newDecoder()
                .decode(ByteBuffer.wrap(bytes))
                .toString();
        return text.startsWith("\uFEFF") ? text.substring(1) : text;
    }

    private FileText() {}
}
