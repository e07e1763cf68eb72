package dev.resilience.deadlines;

/**
 * What the calls of one run came to.
 *
 * @param lateness how much later than its deadline each caller was answered
 * @param fromIntended the same, had each call begun when it was meant to
 * @param besideTheMeter the lateness of each call less the part of that time in which the meter was overdue as well
 * @param meter how late the meter was, each wake that it missed meanwhile counted as jHiccup does
 * @param wakes how late it was when it woke, and no more
 * @param delays how much later than intended each call began
 * @param delayed calls that began more than a millisecond late
 * @param unanswered calls that were never answered, those of the warm-up too
 * @param openAfter calls still at work at the server one second after their caller was answered
 */
record Figures(
        int calls,
        Quantiles lateness,
        Quantiles fromIntended,
        Quantiles besideTheMeter,
        Quantiles meter,
        Quantiles wakes,
        Quantiles delays,
        int delayed,
        int cut,
        int withoutConnection,
        int unanswered,
        int openAfter) {}
