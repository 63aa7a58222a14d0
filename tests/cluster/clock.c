/* Shifts the wall clock of a process, so that nodes of one cluster can disagree about the time.
 *
 * Loaded with LD_PRELOAD by the cluster tests. Answers clock_gettime(CLOCK_REALTIME) with the system's
 * time plus ALIASD_TEST_CLOCK_SECONDS; every other clock is left alone, as it is when an operator
 * sets a clock. The daemon itself has no setting for this. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *time)
{
    static long shift;
    static int known;
    if (!known) {
        const char *text = getenv("ALIASD_TEST_CLOCK_SECONDS");
        shift = text ? atol(text) : 0;
        known = 1;
    }
    int result = (int)syscall(SYS_clock_gettime, clock, time);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        time->tv_sec += shift;
    return result;
}
