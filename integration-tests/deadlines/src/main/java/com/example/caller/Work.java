package com.example.caller;

/** One kind of call. */
interface Work {
    /** Makes the call of this number; what it notes goes to {@code calls}. */
    void call(int number, Calls calls) throws Exception;
}
