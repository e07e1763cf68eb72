package dev.resilience.instrumentation.jdbc;

import java.lang.ref.WeakReference;
import java.sql.Driver;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** What is known of a connection that was watched from its opening on. */
final class Session {
    /*
     * A statement means what its connection makes of it: the user, the schema that its tables are looked for in, the
     * tenant that row security reads from a variable. What a connection begins with follows from what it was opened with,
     * so two that were opened alike are taken for one another, and no others, until a statement or a method says
     * something to one of them that nobody here can understand. From then on it is nobody's.
     */
    private final List<String> opener;
    private final WeakReference<Driver> driver;
    private volatile boolean changed;
    private volatile boolean hidLoss;

    private Session(List<String> opener, Driver driver) {
        this.opener = opener;
        this.driver = new WeakReference<>(driver);
    }

    /** Null where it was opened with what is no text. */
    static @Nullable Session of(Driver driver, String url, @Nullable Properties given) {
        List<String> opener = new ArrayList<>();
        opener.add(url);
        if (given != null) {
            for (Map.Entry<Object, Object> entry : given.entrySet()) {
                if (!(entry.getKey() instanceof String) || !(entry.getValue() instanceof String)) {
                    return null;
                }
            }
            for (String name : new TreeSet<>(given.stringPropertyNames())) {
                opener.add(name);
                opener.add(given.getProperty(name));
            }
        }
        return new Session(List.copyOf(opener), driver);
    }

    /** All it was opened with: secrets too, which nobody keeps but as a keyed hash. */
    List<String> opener() {
        return opener;
    }

    /** What opened it; null if the application has let go of that. */
    @Nullable
    Driver driver() {
        return driver.get();
    }

    /** Rows were given in place of what would have told that the connection is lost. */
    void hideLoss() {
        hidLoss = true;
    }

    boolean hidLoss() {
        return hidLoss;
    }

    void change() {
        changed = true;
    }

    /** Whether a statement may mean something else here than on a new connection. */
    boolean isChanged() {
        return changed;
    }
}
