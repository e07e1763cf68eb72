package dev.resilience.apps;

/** Makes no call. */
public final class Hello {
    /** Says hello. */
    public static void main(String[] arguments) {
        System.out.println("Hello, world");
    }

    private Hello() {}
}
