/** gRPC from 1.45 on: decides on a call when it starts, whatever its kind and transport. */
@NullMarked
package dev.resilience.instrumentation.grpc;

import org.jspecify.annotations.NullMarked;
