package dev.resilience.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingsTest {
    @Test
    void givesWhatIsWrittenAndOtherwiseTheDefault() {
        Settings settings = new Settings(Map.of("calls", "7", "share", "12.5%", "wait", "2m", "name", "x"));

        assertThat(settings.number("calls", 1, 1, 9)).isEqualTo(7);
        assertThat(settings.number("other", 3, 1, 9)).isEqualTo(3);
        assertThat(settings.share("share", 0.5)).isEqualTo(0.125);
        assertThat(settings.share("other", 0.5)).isEqualTo(0.5);
        assertThat(settings.duration("wait", Duration.ZERO)).isEqualTo(Duration.ofMinutes(2));
        assertThat(settings.duration("other", Duration.ZERO)).isZero();
        assertThat(settings.text("other", "y")).isEqualTo("y");
        assertThat(settings.unasked()).containsExactly("name");
        assertThat(settings.text("name", "y")).isEqualTo("x");
        assertThat(settings.unasked()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"800ms, 800", "5s, 5000", "1h, 3600000"})
    void readsDurationsWithTheirUnit(String text, long millis) {
        assertThat(new Settings(Map.of("wait", text)).duration("wait", Duration.ZERO))
                .isEqualTo(Duration.ofMillis(millis));
    }

    @Test
    void saysWhatWouldBeRight() {
        Settings settings = new Settings(Map.of("calls", "10", "share", "101%", "wait", "5"));

        assertThatThrownBy(() -> settings.number("calls", 1, 1, 9)).hasMessage("calls must be a number, 1 to 9");
        assertThatThrownBy(() -> settings.number("share", 1, 1, 9)).hasMessage("share must be a number, 1 to 9");
        assertThatThrownBy(() -> settings.share("share", 0)).hasMessage("share must be a share with its %, 0% to 100%");
        assertThatThrownBy(() -> settings.duration("wait", Duration.ZERO))
                .hasMessage("wait must be a duration with its unit (ms, s, m, h), for example 800ms");
    }
}
