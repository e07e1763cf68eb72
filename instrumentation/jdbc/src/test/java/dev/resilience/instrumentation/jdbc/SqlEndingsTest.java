package dev.resilience.instrumentation.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.resilience.instrumentation.api.Ending;
import java.io.EOFException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.sql.BatchUpdateException;
import java.sql.SQLException;
import java.sql.SQLNonTransientConnectionException;
import java.sql.SQLRecoverableException;
import java.sql.SQLTimeoutException;
import java.sql.SQLTransientConnectionException;
import java.util.NoSuchElementException;
import java.util.stream.Stream;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SqlEndingsTest {
    static Stream<Arguments> endings() {
        return Stream.of(
                Arguments.of(new SQLException("duplicate", "23505"), "23505", true),
                Arguments.of(new SQLException("too many connections", "53300"), "53300", true),
                Arguments.of(new SQLException("shutdown", "57P01"), "57P01", true),
                Arguments.of(new SQLException("broken", "08006"), "08006", false),
                Arguments.of(new SQLNonTransientConnectionException("broken", "90067"), "90067", false),
                Arguments.of(new SQLTimeoutException("late", "HYT00"), "timeout", false),
                Arguments.of(new SQLException("no state"), "other", false),
                Arguments.of(new SQLTransientConnectionException("no state"), "io", false),
                Arguments.of(new SQLRecoverableException("no state"), "io", false),
                Arguments.of(new SQLException("cut", new EOFException()), "io", false),
                Arguments.of(new SQLException("refused", new ConnectException()), "connect", false),
                Arguments.of(new SQLException("who?", new UnknownHostException()), "dns", false),
                Arguments.of(new SQLException("slow", new SocketTimeoutException()), "timeout", false),
                Arguments.of(new SQLException("tls", new SSLHandshakeException("no")), "tls", false),
                Arguments.of(new BatchUpdateException("batch", "23505", new int[0]), "23505", true),
                Arguments.of(batchOf(new SQLException("duplicate", "23505")), "23505", true),
                Arguments.of(new IllegalStateException(new SQLException("broken", "08001")), "08001", false),
                Arguments.of(new NullPointerException(), "other", false),
                Arguments.of(new OutOfMemoryError(), "other", false));
    }

    @ParameterizedTest
    @MethodSource("endings")
    void readsExceptions(Throwable thrown, String token, boolean answered) {
        assertThat(SqlEndings.of(thrown)).isEqualTo(new Ending(token, answered, thrown));
    }

    @Test
    void tellsAPoolWithoutConnectionsFromADatabaseThatIsGone() {
        SQLException exhausted = new SQLTransientConnectionException("not available after 30000ms");
        assertThat(SqlEndings.ofBorrowing(exhausted, true).token()).isEqualTo("pool-timeout");
        assertThat(SqlEndings.ofBorrowing(exhausted, false).token()).isEqualTo("io");
        SQLException dbcp = new SQLException("pool error", new NoSuchElementException("timeout"));
        assertThat(SqlEndings.ofBorrowing(dbcp, true).token()).isEqualTo("pool-timeout");
        SQLException down = new SQLException("refused", "08001");
        assertThat(SqlEndings.ofBorrowing(down, true).token()).isEqualTo("08001");
    }

    @Test
    void holdsARefusalAgainstNobody() {
        SQLException refused = new SQLTransientConnectionException("refused", SqlEndings.REFUSED);
        SQLException waited = new SQLTransientConnectionException("not available after 30000ms", refused);
        assertThat(SqlEndings.ofBorrowing(waited, true)).isEqualTo(new Ending("cancelled", false, waited));
    }

    @Test
    void survivesAChainOfCausesThatEndsNowhere() {
        Exception one = new IllegalStateException("one");
        Exception other = new IllegalStateException("other", one);
        one.initCause(other);
        assertThat(SqlEndings.of(one).token()).isEqualTo("other");
    }

    private static BatchUpdateException batchOf(SQLException next) {
        BatchUpdateException batch = new BatchUpdateException("batch", null, new int[0]);
        batch.setNextException(next);
        return batch;
    }
}
