/** An ordinary program that calls at a given rate; it does not know the agent. */
@NullMarked
package com.example.caller;

import org.jspecify.annotations.NullMarked;
