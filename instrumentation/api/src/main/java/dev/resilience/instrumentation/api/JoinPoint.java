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
     * @param descriptor its exact descriptor, or null for every method of that name
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
             * Whether a class of this binary name is worth a look at its supertypes. Asked of every class that loads, so
             * it must load none itself: no streams here.
             */
            public boolean mayMatch(String name) {
                return (containsAny(name) || startsWithAny(name, prefixes)) && !startsWithAny(name, except);
            }

            private boolean containsAny(String name) {
                for (int i = 0; i < contains.size(); i++) {
                    if (name.contains(contains.get(i))) {
                        return true;
                    }
                }
                return false;
            }

            private static boolean startsWithAny(String name, List<String> starts) {
                for (int i = 0; i < starts.size(); i++) {
                    if (name.startsWith(starts.get(i))) {
                        return true;
                    }
                }
                return false;
            }
        }
    }
}
