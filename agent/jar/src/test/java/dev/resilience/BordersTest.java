package dev.resilience;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The borders of docs and architecture, as tests: who may know whom, and what nobody does. */
class BordersTest {
    private static final JavaClasses SHIPPED = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .withImportOption(BordersTest::isShipped)
            .importPackages("dev.resilience");

    private static boolean isShipped(Location location) {
        return !location.contains("/assembly/") && !location.contains("resilience-assembly");
    }

    @Test
    void everyRoomIsSeen() {
        assertThat(SHIPPED.stream().map(type -> type.getPackageName()))
                .contains(
                        "dev.resilience",
                        "dev.resilience.engine",
                        "dev.resilience.instrumentation.api",
                        "dev.resilience.agent.weaving");
    }

    @Test
    void theDispatchClassKnowsTheJdkOnly() {
        check(classes()
                .that()
                .haveFullyQualifiedName("java.lang.ResilienceDispatch")
                .should()
                .onlyDependOnClassesThat()
                .resideInAPackage("java.lang..")
                .allowEmptyShould(true));
    }

    @Test
    void theEngineKnowsTheJdkOnly() {
        check(classes()
                .that()
                .resideInAPackage("dev.resilience.engine..")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "java..", "dev.resilience.engine..", "dev.resilience.spi", "org.jspecify.annotations.."));
    }

    @Test
    void whatStrategiesAreCompiledAgainstKnowsTheJdkOnly() {
        check(classes()
                .that()
                .resideInAPackage("dev.resilience.spi")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage("java..", "dev.resilience.spi", "org.jspecify.annotations.."));
    }

    @Test
    void theEngineReadsNoClockAndStartsNoThread() {
        check(noClasses()
                .that()
                .resideInAPackage("dev.resilience.engine..")
                .should()
                .callMethod(System.class, "nanoTime")
                .orShould()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .dependOnClassesThat()
                .haveNameMatching("java\\.time\\.(Clock|Instant|ZonedDateTime|LocalDateTime)")
                .orShould()
                .dependOnClassesThat()
                .haveNameMatching("java\\.(io|net|util\\.logging)\\..*")
                .orShould()
                .dependOnClassesThat()
                .haveNameMatching("java\\.util\\.concurrent\\.(Executor.*|.*Executor|Timer|CompletableFuture)"));
    }

    @Test
    void clientModulesKnowTheirApiAndTheirLibraryOnly() {
        check(noClasses()
                .that()
                .resideInAPackage("dev.resilience.instrumentation..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "dev.resilience.agent..",
                        "dev.resilience.engine..",
                        "io.opentelemetry..",
                        "org.snakeyaml..",
                        "com.github.benmanes.."));
    }

    @Test
    void theFaceOfTheGuardKnowsTheJdkOnly() {
        check(classes()
                .that()
                .resideInAPackage("dev.resilience.instrumentation.api")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage("java..", "dev.resilience.instrumentation.api", "org.jspecify.annotations.."));
    }

    @Test
    void clientModulesKnowOfByteBuddyItsAnnotationsOnly() {
        check(noClasses()
                .that()
                .resideInAPackage("dev.resilience.instrumentation..")
                .should()
                .dependOnClassesThat(resideInAPackage("net.bytebuddy..")
                        .and(DescribedPredicate.describe(
                                "are no annotations of advice",
                                type -> !type.getName().startsWith("net.bytebuddy.asm.Advice")
                                        && !type.getName()
                                                .startsWith("net.bytebuddy.implementation.bytecode.assign")))));
    }

    @Test
    void onlyWeavingKnowsByteBuddy() {
        onlyKnownIn("net.bytebuddy..", "dev.resilience.agent.weaving");
    }

    @Test
    void onlyTelemetryKnowsOpenTelemetry() {
        onlyKnownIn("io.opentelemetry..", "dev.resilience.agent.telemetry");
    }

    @Test
    void oneClassKnowsTheFlightRecorder() {
        check(noClasses()
                .that()
                .haveNameNotMatching("dev\\.resilience\\.agent\\.jfr\\.Flight(\\$.*)?")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("jdk.jfr.."));
    }

    @Test
    void onlyPoliciesKnowYaml() {
        onlyKnownIn("org.snakeyaml..", "dev.resilience.agent.policy");
    }

    @Test
    void onlyFallbacksKnowCaffeine() {
        onlyKnownIn("com.github.benmanes..", "dev.resilience.agent.fallback");
    }

    @Test
    void theEntranceNamesNothingBehindItsLoader() {
        check(noClasses()
                .that()
                .resideInAPackage("dev.resilience")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "dev.resilience.agent..", "dev.resilience.engine..", "dev.resilience.instrumentation.."));
    }

    @Test
    void packagesOfTheAgentKnowOnlyThoseBeforeThem() {
        List<String> order = List.of(
                "signal",
                "target",
                "strategy",
                "fallback",
                "policy",
                "guard",
                "telemetry",
                "jfr",
                "control",
                "weaving");
        for (int i = 0; i < order.size(); i++) {
            String[] later = order.subList(i + 1, order.size()).stream()
                    .map(name -> "dev.resilience.agent." + name + "..")
                    .toArray(String[]::new);
            if (later.length > 0) {
                check(noClasses()
                        .that()
                        .resideInAPackage("dev.resilience.agent." + order.get(i) + "..")
                        .should()
                        .dependOnClassesThat()
                        .resideInAnyPackage(later)
                        .allowEmptyShould(true));
            }
        }
    }

    @Test
    void packagesHaveNoCycles() {
        check(slices().matching("dev.resilience.(**)").should().beFreeOfCycles());
    }

    @Test
    void nobodySleepsExitsOrReadsTheWallClock() {
        check(noClasses()
                .should()
                .callMethod(Thread.class, "sleep", long.class)
                .orShould()
                .callMethod(System.class, "exit", int.class)
                .orShould()
                .callMethod(System.class, "currentTimeMillis"));
    }

    @Test
    void onlyTheThreadFactoryMakesThreads() {
        check(noClasses()
                .that()
                .haveNameNotMatching(".*\\.AgentThreads(\\$.*)?")
                .should(makeThreads()));
    }

    private static ArchCondition<JavaClass> makeThreads() {
        return new ArchCondition<>("make a thread") {
            @Override
            public void check(JavaClass type, ConditionEvents events) {
                type.getConstructorCallsFromSelf().stream()
                        .filter(call -> call.getTargetOwner().isAssignableTo(Thread.class))
                        .forEach(call -> events.add(SimpleConditionEvent.satisfied(type, call.getDescription())));
            }
        };
    }

    private static void onlyKnownIn(String library, String home) {
        check(noClasses()
                .that()
                .resideOutsideOfPackages(home + "..", "dev.resilience.instrumentation..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage(library));
    }

    private static void check(ArchRule rule) {
        rule.check(SHIPPED);
    }
}
