package dev.resilience.instrumentation.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.resilience.instrumentation.api.Reason;
import dev.resilience.instrumentation.api.Refusal;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.management.ManagementFactory;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.sql.SQLTransientException;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class RefusedExceptionsTest {
    private static final int REFUSALS = 1_000_000;

    record Kind(Function<Refusal, SQLException> make, Class<? extends SQLException> caughtAs) {
        @Override
        public String toString() {
            return caughtAs.getSimpleName();
        }
    }

    private static final class Silent extends Refusal {
        private int read;

        Silent() {
            super(Reason.CIRCUIT_OPEN, 0, null);
        }

        @Override
        public String message() {
            read++;
            return "refused";
        }

        @Override
        public boolean showsStackTrace() {
            return false;
        }
    }

    static List<Kind> kinds() {
        return List.of(
                new Kind(RefusedStatementException::new, SQLTransientException.class),
                new Kind(RefusedConnectionException::new, SQLTransientConnectionException.class));
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void looksLikeAnyOtherToWhomeverReadsIt(Kind kind) {
        Silent refusal = new Silent();
        SQLException thrown = kind.make.apply(refusal);
        assertThat(refusal.read).isZero();

        assertThat((Throwable) thrown)
                .isInstanceOf(kind.caughtAs)
                .hasMessage("refused")
                .hasToString(kind.caughtAs.getName() + ": refused");
        assertThat(thrown.getSQLState()).isEqualTo("RS001");
        assertThat(thrown.getStackTrace()).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void saysWhereFromIfItIsTo(Kind kind) {
        SQLException thrown = kind.make.apply(Refusal.saying("refused", Reason.CIRCUIT_OPEN, 0, null));
        assertThat(thrown.getStackTrace())
                .anyMatch(frame -> frame.getMethodName().equals("saysWhereFromIfItIsTo"));
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void isWrittenAsAPlainOneForReadersWithoutTheAgent(Kind kind) throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(kind.make.apply(new Silent()));
        }
        SQLException read =
                (SQLException) new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray())).readObject();

        assertThat((Throwable) read).isExactlyInstanceOf(kind.caughtAs).hasMessage("refused");
        assertThat(read.getSQLState()).isEqualTo("RS001");
    }

    /** The constructor of SQLException prints it there, when it knows nothing yet. */
    @ParameterizedTest
    @MethodSource("kinds")
    void isMadeWhileJdbcWritesALog(Kind kind) {
        StringWriter log = new StringWriter();
        DriverManager.setLogWriter(new PrintWriter(log, true));
        try {
            assertThat((Throwable) kind.make.apply(new Silent())).hasMessage("refused");
        } finally {
            DriverManager.setLogWriter(null);
        }
        assertThat(log.toString()).contains("RS001", kind.caughtAs.getName());
    }

    /** With the 56 bytes of the guard's own refusal (RefusalCostTest): less than 120. */
    @ParameterizedTest
    @MethodSource("kinds")
    void weighsFiftySixBytes(Kind kind) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        Refusal refusal = new Silent();
        long least = Long.MAX_VALUE;
        for (int round = 0; round < 3; round++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < REFUSALS; i++) {
                try {
                    throw kind.make.apply(refusal);
                } catch (SQLException caught) {
                    assertCaught(caught);
                }
            }
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        assertThat(least / (double) REFUSALS).isLessThanOrEqualTo(56);
    }

    private static void assertCaught(SQLException caught) {
        if (caught.getNextException() != null) {
            throw new AssertionError(caught);
        }
    }
}
