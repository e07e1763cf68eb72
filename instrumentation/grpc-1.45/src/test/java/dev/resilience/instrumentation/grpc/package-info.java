/** The gRPC module, woven into real clients of real servers. */
@NullMarked
package dev.resilience.instrumentation.grpc;

import org.jspecify.annotations.NullMarked;
