package dev.resilience.agent.fallback;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The arithmetic of RFC 9111 4.2.3, to the millisecond. */
class AgeTest {
    /** 1 March 2026, 08:49:37 GMT, and a nanoTime next to its end. */
    private static final Moment AT = new Moment(Long.MAX_VALUE - 5_000_000_000L, 1_772_354_977_000L);

    private static final String DATE = "Sun, 01 Mar 2026 08:49:37 GMT";

    @ParameterizedTest(name = "told {0} s, date {1} s ago, under way {2} ms: {3} ms")
    @CsvSource({
        "0, 0, 0, 0",
        "0, 0, 1, 1",
        "40, 0, 0, 40000",
        "40, 0, 1500, 41500",
        "40, 41, 999, 41000",
        "40, 41, 1000, 41000",
        "40, 41, 1001, 41001",
        "0, -30, 0, 0",
        "0, -30, 7, 7",
        "2147483647, 0, 0, 2147483647000",
        "99999999999, 0, 0, 2147483648000",
    })
    void isTheGreaterOfWhatIsToldAndWhatIsSeen(long told, long dateAgo, long underWay, long expected) {
        Fields fields = Fields.of(Map.of(
                "Age",
                List.of(Long.toString(told)),
                "Date",
                List.of(HttpDates.format(AT.epochMillis() - dateAgo * 1_000))));

        assertThat(HttpCaching.ageMillis(fields, before(AT, underWay), AT)).isEqualTo(expected);
    }

    @Test
    void isTheTimeUnderWayIfNothingIsTold() {
        assertThat(HttpCaching.ageMillis(Fields.NONE, before(AT, 1_234), AT)).isEqualTo(1_234);
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "1, 1", "999, 1", "1000, 1", "1001, 2", "59999, 60", "60000, 60", "4000000000000, 2147483647"})
    void isToldInWholeSecondsAndNeverTooLow(long millis, String seconds) {
        HttpHead head = new HttpHead(200, Map.of(), List.of(), null, 0, 0, -1, false, 0);

        assertThat(HttpCaching.given(head, millis)).isEqualTo(Map.of("Age", List.of(seconds)));
    }

    @Nested
    class OfTwoMoments {
        @Test
        void isZeroAtOnce() {
            assertThat(AT.millisSince(AT)).isZero();
        }

        @ParameterizedTest
        @CsvSource({"999999, 0", "1000000, 1", "1999999, 1", "6000000000, 6000"})
        void isWhatTheRunningClockSays(long nanos, long millis) {
            assertThat(new Moment(AT.nanos() + nanos, AT.epochMillis()).millisSince(AT))
                    .isEqualTo(millis);
        }

        @Test
        void isWhatTheTimeOfDaySaysAfterTheMachineSlept() {
            assertThat(new Moment(AT.nanos() + 5_000_000, AT.epochMillis() + 3_600_000).millisSince(AT))
                    .isEqualTo(3_600_000);
        }

        @Test
        void isNotLessWhenTheTimeOfDayWasPutBack() {
            assertThat(new Moment(AT.nanos() + 5_000_000, AT.epochMillis() - 3_600_000).millisSince(AT))
                    .isEqualTo(5);
        }

        @Test
        void isNeverNegative() {
            assertThat(before(AT, 3).millisSince(AT)).isZero();
        }

        @Test
        void ofNowIsOfBothClocks() {
            Moment earlier = Moment.now();
            Moment later = Moment.now();

            assertThat(later.nanos() - earlier.nanos()).isBetween(0L, 60_000_000_000L);
            assertThat(earlier.epochMillis()).isGreaterThan(AT.epochMillis() - 1_000_000_000_000L);
            assertThat(later.epochMillis()).isNotEqualTo(0);
        }
    }

    @Nested
    class OfASnapshot {
        @Test
        void isWhatItWasAndHowLongItWasKept() {
            Snapshot snapshot = new Snapshot("", 0, Packed.EMPTY, AT, 250);

            assertThat(snapshot.ageMillis(AT)).isEqualTo(250);
            assertThat(snapshot.ageMillis(new Moment(AT.nanos() + 7_000_000, AT.epochMillis())))
                    .isEqualTo(257);
        }
    }

    @Nested
    class Dates {
        @ParameterizedTest
        @CsvSource(
                delimiter = ';',
                value = {
                    "Sun, 01 Mar 2026 08:49:37 GMT",
                    "Sun, 1 Mar 2026 08:49:37 GMT",
                    "Sunday, 01-Mar-26 08:49:37 GMT",
                    "Sun Mar  1 08:49:37 2026",
                    "Mon, 01 Mar 2026 08:49:37 GMT"
                })
        void areReadInEachForm(String text) {
            assertThat(HttpDates.parse(text, AT.epochMillis())).isEqualTo(AT.epochMillis());
        }

        @ParameterizedTest
        @CsvSource({
            "76, 3345353377000", // within fifty years: 2076
            "77, 221215777000", // beyond: 1977
            "26, 1767516577000",
            "27, 1799052577000"
        })
        void ofTwoDigitsOfAYearAreWithinFiftyYears(String year, long millis) {
            assertThat(HttpDates.parse("Friday, 04-Jan-" + year + " 08:49:37 GMT", AT.epochMillis()))
                    .isEqualTo(millis);
        }

        @Test
        void mayBeALeapSecond() {
            assertThat(HttpDates.parse("Sat, 31 Dec 2016 23:59:60 GMT", AT.epochMillis()))
                    .isEqualTo(HttpDates.parse("Sun, 01 Jan 2017 00:00:00 GMT", AT.epochMillis()));
        }

        @ParameterizedTest
        @CsvSource(
                delimiter = ';',
                value = {
                    "0",
                    "-1",
                    "''",
                    "yesterday",
                    "Sun, 01 Mar 2026 08:49:37",
                    "Sun, 01 Mar 2026 08:49:37 CET",
                    "Sun, 01 Mar 2026 24:00:00 GMT",
                    "Sun, 01 Mar 2026 08:60:00 GMT",
                    "Sun, 01 Mar 2026 08:49:61 GMT",
                    "Sun, 30 Feb 2026 08:49:37 GMT",
                    "Sun, 01 März 2026 08:49:37 GMT",
                    "Sun, 01 Mar 026 08:49:37 GMT",
                    "Sun, 01 Mar 20026 08:49:37 GMT",
                    "Sun, 01 Mar 2026 8h:49:37 GMT",
                    "Sun, xx Mar 2026 08:49:37 GMT",
                    "Sun Mar xx 08:49:37 2026"
                })
        void areNoneIfAnyPartIsWrong(String text) {
            assertThat(HttpDates.parse(text, AT.epochMillis())).isNull();
        }

        @ParameterizedTest
        @CsvSource(
                delimiter = ';',
                value = {
                    DATE + "; 1772354977000",
                    DATE + "; 1772354977999",
                    "Thu, 01 Jan 1970 00:00:00 GMT; 0",
                    "Wed, 31 Dec 2025 23:59:59 GMT; 1767225599000"
                })
        void areWrittenInThePreferredForm(String text, long millis) {
            assertThat(HttpDates.format(millis)).isEqualTo(text);
        }
    }

    private static Moment before(Moment moment, long millis) {
        return new Moment(moment.nanos() - millis * 1_000_000, moment.epochMillis() - millis);
    }
}
