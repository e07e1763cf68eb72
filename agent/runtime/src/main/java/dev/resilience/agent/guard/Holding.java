package dev.resilience.agent.guard;

import java.lang.management.LockInfo;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** What a thread waits for: by name only, as the object's own text would be the application's code. */
final class Holding {

    static @Nullable String of(Thread waiting) {
        String known = asManaged(waiting);
        Object blocker = known == null ? LockSupport.getBlocker(waiting) : null;
        return blocker == null
                ? known
                : blocker.getClass().getName() + '@' + Integer.toHexString(System.identityHashCode(blocker));
    }

    /** A JVM may lack the module, and knows nothing of virtual threads there. */
    private static @Nullable String asManaged(Thread waiting) {
        try {
            return Managed.of(waiting);
        } catch (LinkageError absent) {
            return null;
        }
    }

    /** Loads java.management. */
    private static final class Managed {
        static @Nullable String of(Thread waiting) {
            ThreadInfo info = ManagementFactory.getThreadMXBean().getThreadInfo(waiting.getId());
            LockInfo lock = info == null ? null : info.getLockInfo();
            if (info == null || lock == null) {
                return null;
            }
            String owner = info.getLockOwnerName();
            return owner == null ? lock.toString() : lock + ", which thread " + owner + " has";
        }
    }

    private Holding() {}
}
