/** What a policy answers with instead of a refusal or a fault, as values no protocol owns. */
@NullMarked
package dev.resilience.agent.fallback;

import org.jspecify.annotations.NullMarked;
