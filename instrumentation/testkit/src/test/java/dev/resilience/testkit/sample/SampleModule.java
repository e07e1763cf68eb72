package dev.resilience.testkit.sample;

import dev.resilience.instrumentation.api.ClientModule;
import dev.resilience.instrumentation.api.JoinPoint;
import java.util.List;

/** Weaves {@link SampleClient} and whatever carries the given name. */
public record SampleModule(String type, List<JoinPoint.Method> methods) implements ClientModule {
    public static final String ADVICE = "dev.resilience.testkit.sample.SampleAdvice";
    public static final String TYPED_ADVICE = "dev.resilience.testkit.sample.TypedAdvice";
    public static final String ARGUMENT_ADVICE = "dev.resilience.testkit.sample.ArgumentAdvice";

    @Override
    public String name() {
        return "sample";
    }

    @Override
    public String library() {
        return "the sample library";
    }

    @Override
    public boolean namesLibraryTypes() {
        return false;
    }

    @Override
    public List<JoinPoint> joinPoints() {
        return List.of(new JoinPoint(new JoinPoint.Types.Named(type), methods, null));
    }
}
