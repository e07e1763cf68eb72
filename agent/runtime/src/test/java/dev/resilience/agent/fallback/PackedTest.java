package dev.resilience.agent.fallback;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PackedTest {
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 4_095, 4_096, 4_097, 1_000_000})
    void givesBackWhatItTook(int length) {
        byte[] text = "{\"id\": 4711, \"name\": \"a name\"}, "
                .repeat(length / 32 + 1)
                .substring(0, length)
                .getBytes(StandardCharsets.UTF_8);
        Packed packed = Packed.of(text.clone());

        assertThat(packed.bytes()).isEqualTo(text);
        assertThat(packed.length()).isEqualTo(length);
        if (length < 4_096) {
            assertThat(packed.bytesHeld()).isEqualTo(length);
        } else {
            assertThat(packed.bytesHeld()).isLessThan(length / 8);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {4_096, 100_000})
    void leavesWhatCannotBeCompressed(int length) {
        byte[] noise = new byte[length];
        new Random(1).nextBytes(noise);
        Packed packed = Packed.of(noise);

        assertThat(packed.bytesHeld()).isEqualTo(length);
        assertThat(packed.bytes()).isSameAs(noise);
    }

    @Test
    void savesAnEighthOrLeavesIt() {
        byte[] mostlyNoise = new byte[100_000];
        new Random(1).nextBytes(mostlyNoise);
        Arrays.fill(mostlyNoise, 0, 10_000, (byte) 0);
        assertThat(Packed.of(mostlyNoise.clone()).bytesHeld()).isEqualTo(100_000);

        Arrays.fill(mostlyNoise, 0, 20_000, (byte) 0);
        assertThat(Packed.of(mostlyNoise.clone()).bytesHeld()).isBetween(80_000, 87_500);
        assertThat(Packed.of(mostlyNoise.clone()).bytes()).isEqualTo(mostlyNoise);
    }

    @Test
    void leavesWhatIsToBeKeptAsItIs() {
        byte[] zeros = new byte[100_000];

        assertThat(Packed.asIs(zeros).bytes()).isSameAs(zeros);
        assertThat(Packed.EMPTY.bytes()).isEmpty();
    }
}
