package dev.resilience.instrumentation.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class WeakIdentityMapTest {
    private final WeakIdentityMap<String> map = new WeakIdentityMap<>();

    @Test
    void tellsEqualObjectsApart() {
        Object first = new Box(1);
        Object second = new Box(1);
        map.put(first, "first");
        assertThat(first).isEqualTo(second);
        assertThat(map.get(first)).isEqualTo("first");
        assertThat(map.get(second)).isNull();
        map.put(first, "again");
        assertThat(map.get(first)).isEqualTo("again");
        assertThat(map.size()).isEqualTo(1);
    }

    @Test
    void forgetsWhatTheApplicationForgot() {
        Object kept = new Box(0);
        map.put(kept, "kept");
        for (int i = 0; i < 100; i++) {
            map.put(new Box(i), "lost");
        }
        for (int i = 0; i < 50 && map.size() > 10; i++) {
            System.gc();
            map.put(kept, "kept");
        }
        assertThat(map.size()).isLessThan(10);
        assertThat(map.get(kept)).isEqualTo("kept");
    }

    private record Box(int value) {}
}
