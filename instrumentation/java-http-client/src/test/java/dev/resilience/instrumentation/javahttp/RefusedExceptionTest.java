package dev.resilience.instrumentation.javahttp;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.resilience.instrumentation.api.Reason;
import dev.resilience.instrumentation.api.Refusal;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

class RefusedExceptionTest {
    private static final int REFUSALS = 1_000_000;

    private int read;

    private final class Read extends Refusal {
        private final boolean shows;

        Read(boolean shows) {
            super(Reason.CIRCUIT_OPEN, 0, null);
            this.shows = shows;
        }

        @Override
        public String message() {
            read++;
            return "refused";
        }

        @Override
        public boolean showsStackTrace() {
            return shows;
        }
    }

    @Test
    void looksLikeAnyOtherToWhomeverReadsIt() {
        IOException thrown = new RefusedException(new Read(false));
        assertThat(read).isZero();

        assertThat(thrown)
                .hasMessage("refused")
                .hasToString("java.io.IOException: refused")
                .hasNoCause();
        assertThat(thrown.getStackTrace()).isEmpty();
        assertThat(thrown.initCause(new IllegalStateException())).isSameAs(thrown);
    }

    @Test
    void saysWhereFromIfItIsTo() {
        assertThat(new RefusedException(new Read(true)).getStackTrace()[0].getMethodName())
                .isEqualTo("saysWhereFromIfItIsTo");
    }

    @Test
    void isWrittenAsAPlainOneForReadersWithoutTheAgent() throws Exception {
        IOException thrown = new RefusedException(new Read(true));
        thrown.initCause(new IllegalStateException("why"));
        thrown.addSuppressed(new IllegalStateException("besides"));

        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(thrown);
        }
        Throwable read = (Throwable) new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray())).readObject();

        assertThat(read).isExactlyInstanceOf(IOException.class).hasMessage("refused");
        assertThat(read.getStackTrace()).isEqualTo(thrown.getStackTrace());
        assertThat(read.getCause()).hasMessage("why");
        assertThat(read.getSuppressed())
                .singleElement()
                .extracting(Throwable::getMessage)
                .isEqualTo("besides");
    }

    /** With the 56 bytes of the guard's own refusal (RefusalCostTest): less than 120. */
    @Test
    void weighsFortyBytes() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        Refusal refusal = new Read(false);
        long least = Long.MAX_VALUE;
        for (int round = 0; round < 3; round++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < REFUSALS; i++) {
                try {
                    throw new RefusedException(refusal);
                } catch (IOException caught) {
                    assertCaught(caught);
                }
            }
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        assertThat(least / (double) REFUSALS).isLessThanOrEqualTo(40);
    }

    private static void assertCaught(IOException caught) {
        if (caught.getCause() != null) {
            throw new AssertionError(caught);
        }
    }
}
