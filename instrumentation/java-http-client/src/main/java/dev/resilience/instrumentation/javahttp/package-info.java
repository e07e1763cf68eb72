/** Guards the calls of {@code java.net.http.HttpClient}. */
@NullMarked
package dev.resilience.instrumentation.javahttp;

import org.jspecify.annotations.NullMarked;
