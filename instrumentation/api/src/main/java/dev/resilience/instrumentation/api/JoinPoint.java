package dev.resilience.instrumentation.api;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Methods of some types, and the advice around each.
 *
 * <p>For a {@link Types.Named} type each method must be found, else the library is not understood: then
 * {@code otherwise} is tried, and without one the module is off for that loader, with one warning.
 */
public record JoinPoint(
        Types types, List<Method> methods, @Nullable JoinPoint otherwise) {

    public JoinPoint {
        methods = List.copyOf(methods);
    }

    public static JoinPoint of(Types types, Method... methods) {
        return new JoinPoint(types, List.of(methods), null);
    }

    public JoinPoint orElse(JoinPoint alternative) {
        return new JoinPoint(types, methods, alternative);
    }

    /**
     * A method to weave; abstract and native ones are passed over.
     *
     * @param name its exact name
     * @param descriptor its descriptor, or its parameters alone ({@code "(I)"}) where subclasses may narrow what it
     *     returns, or null for every method of that name
     * @param returns with no descriptor: the binary name its return type must have, or null for any
     * @param advice the binary name of the advice class
     */
    public record Method(
            String name,
            @Nullable String descriptor,
            @Nullable String returns,
            String advice) {

        public static Method named(String name, String advice) {
            return new Method(name, null, null, advice);
        }

        public static Method exact(String name, String descriptor, String advice) {
            return new Method(name, descriptor, null, advice);
        }

        public static Method returning(String name, String returns, String advice) {
            return new Method(name, null, returns, advice);
        }
    }

    /** Which types a join point lies in. */
    public sealed interface Types {

        /** The type of this binary name. */
        record Named(String name) implements Types {}

        /**
         * Classes with {@code supertype} among their supertypes whose binary name passes a cheap filter first: it
         * contains one of {@code contains} or starts with one of {@code prefixes}, and starts with none of
         * {@code except}.
         */
        record SubtypesOf(String supertype, List<String> contains, List<String> prefixes, List<String> except)
                implements Types {

            public SubtypesOf {
                contains = List.copyOf(contains);
                prefixes = List.copyOf(prefixes);
                except = List.copyOf(except);
            }

            /**
             * Whether a class of this name is worth a look at its supertypes. Asked for every class that loads, while
             * it loads: plain loops, as a stream may not be there yet.
             */
            public boolean mayMatch(String name) {
                boolean found = false;
                for (int i = 0; i < contains.size() && !found; i++) {
                    found = name.contains(contains.get(i));
                }
                for (int i = 0; i < prefixes.size() && !found; i++) {
                    found = name.startsWith(prefixes.get(i));
                }
                for (int i = 0; i < except.size() && found; i++) {
                    found = !name.startsWith(except.get(i));
                }
                return found;
            }
        }
    }
}
