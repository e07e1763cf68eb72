package dev.resilience.agent.fallback;

import java.util.AbstractMap;
import java.util.AbstractSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The headers of an answer that is kept, with the age it has now; without a copy of them. */
final class GivenHeaders extends AbstractMap<String, List<String>> {
    private static final String AGE = "Age";

    private final Map<String, List<String>> kept;
    private final Entry<String, List<String>> age;

    /** Of those that are found by any case of their names, and have no age. */
    GivenHeaders(Map<String, List<String>> kept, long ageSeconds) {
        this.kept = kept;
        this.age = Map.entry(AGE, List.of(Long.toString(ageSeconds)));
    }

    @Override
    public @Nullable List<String> get(Object name) {
        return isAge(name) ? age.getValue() : kept.get(name);
    }

    @Override
    public boolean containsKey(Object name) {
        return isAge(name) || kept.containsKey(name);
    }

    private static boolean isAge(Object name) {
        return name instanceof String text && text.equalsIgnoreCase(AGE);
    }

    @Override
    public Set<Entry<String, List<String>>> entrySet() {
        return new Entries();
    }

    private final class Entries extends AbstractSet<Entry<String, List<String>>> {
        @Override
        public int size() {
            return kept.size() + 1;
        }

        @Override
        public Iterator<Entry<String, List<String>>> iterator() {
            Iterator<Entry<String, List<String>>> others = kept.entrySet().iterator();
            return new Iterator<>() {
                private boolean over;

                @Override
                public boolean hasNext() {
                    return !over;
                }

                @Override
                public Entry<String, List<String>> next() {
                    if (others.hasNext()) {
                        return others.next();
                    }
                    if (over) {
                        throw new NoSuchElementException();
                    }
                    over = true;
                    return age;
                }
            };
        }
    }
}
