package dev.resilience.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the application registers runs where its library runs it, also for what the agent cuts: on no thread of ours. */
@Tag("waiting")
class CallbacksIT {
    private static final String CUT = "(deadline_exhausted|read_stall) \\(100\\)";

    static Stream<Path> jdks() {
        return Jdks.all().stream();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("jdks")
    void runOnNoThreadOfTheAgent(Path jdk) {
        try (StallingServer shop = new StallingServer();
                StallingServer mute = new StallingServer();
                StallingService stock = new StallingService();
                Jvm program = Jvm.with(jdk)
                        .agent(
                                "mode=enforce",
                                "defaults.deadline=adaptive",
                                "defaults.stall-after=300ms",
                                "defaults.stream.first-message=300ms",
                                "policies.shop.match.path=/silent",
                                "policies.shop.deadline=300ms",
                                "policies.say.match.method=Say",
                                "policies.say.deadline=300ms")
                        .start("dev.resilience.apps.Callbacks")) {
            program.awaitLine("ready");
            mute.mute(true);
            String web = "http://127.0.0.1:" + shop.port();
            String nobody = "127.0.0.1:" + mute.port();
            for (String cut : List.of(
                    "stage " + web + "/silent",
                    "stage " + web + "/drip",
                    "subscriber " + web + "/drip",
                    "observer " + stock.target() + " hang",
                    "observer-direct " + stock.target() + " hang",
                    "observer " + nobody + " hello",
                    "observer-direct " + nobody + " hello",
                    "stream " + stock.target() + " hang",
                    "stream-direct " + stock.target() + " hang",
                    "stream " + nobody + " hello",
                    "stream-direct " + nobody + " hello")) {
                String told = program.call(cut);
                assertThat(told).as(cut).doesNotStartWith("resilience-").containsPattern(CUT);
            }
        }
    }
}
