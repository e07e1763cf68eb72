package dev.resilience.simulation;

import java.util.Arrays;

/** Virtual time: does what is to happen, in the order of its time, and in the order it was asked for if that is the same. */
final class Simulation {
    /** Something that happens at an instant. */
    interface Event {
        void happen(long nowNanos);
    }

    private static final int CHILDREN = 4;

    // a heap of four children a node, in arrays of plain numbers: this is where the time of a run goes
    private long[] times = new long[1024];
    private long[] numbers = new long[1024];
    private Event[] events = new Event[1024];
    private int size;
    private long number;
    private long now;

    long now() {
        return now;
    }

    /** How many events there have been, and still are. */
    long events() {
        return number;
    }

    void at(long timeNanos, Event event) {
        if (size == times.length) {
            times = Arrays.copyOf(times, 2 * size);
            numbers = Arrays.copyOf(numbers, 2 * size);
            events = Arrays.copyOf(events, 2 * size);
        }
        int hole = size++;
        while (hole > 0) {
            int parent = (hole - 1) / CHILDREN;
            if (times[parent] <= timeNanos) {
                break;
            }
            move(parent, hole);
            hole = parent;
        }
        put(hole, timeNanos, number++, event);
    }

    void every(long intervalNanos, Event event) {
        at(now + intervalNanos, new Event() {
            @Override
            public void happen(long nowNanos) {
                event.happen(nowNanos);
                at(nowNanos + intervalNanos, this);
            }
        });
    }

    void runUntil(long endNanos) {
        while (size > 0 && times[0] < endNanos) {
            now = times[0];
            Event first = events[0];
            removeFirst();
            first.happen(now);
        }
        now = endNanos;
    }

    private void removeFirst() {
        size--;
        long time = times[size];
        long moved = numbers[size];
        Event event = events[size];
        int hole = 0;
        for (int child = leastChild(hole); child < size && isBefore(child, time, moved); child = leastChild(hole)) {
            move(child, hole);
            hole = child;
        }
        put(hole, time, moved, event);
    }

    private int leastChild(int parent) {
        int least = CHILDREN * parent + 1;
        int end = Math.min(size, least + CHILDREN);
        for (int child = least + 1; child < end; child++) {
            if (isBefore(child, times[least], numbers[least])) {
                least = child;
            }
        }
        return least;
    }

    private boolean isBefore(int index, long time, long other) {
        return times[index] < time || (times[index] == time && numbers[index] < other);
    }

    private void move(int from, int to) {
        put(to, times[from], numbers[from], events[from]);
    }

    private void put(int index, long time, long itsNumber, Event event) {
        times[index] = time;
        numbers[index] = itsNumber;
        events[index] = event;
    }
}
