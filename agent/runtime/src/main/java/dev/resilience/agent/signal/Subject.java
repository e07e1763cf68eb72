package dev.resilience.agent.signal;

/**
 * Whom signals are about: one target under one policy. Made once for each guard.
 *
 * @param protocol {@code http}, {@code grpc} or {@code jdbc}
 * @param target the target's normalised name, free of secrets: {@code http://host:8443}, {@code dns:///x:9000},
 *     {@code jdbc:postgresql://h:5432/db}
 * @param policy the policy's name; {@code default} where none matched
 * @param mode {@code observe}, {@code redirect} or {@code enforce}
 */
public record Subject(String protocol, String target, String policy, String mode) {}
