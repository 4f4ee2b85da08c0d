// A wall clock that is WALL_CLOCK_SHIFT seconds off, for whoever preloads this. The monotonic one stays right.
//
// libfaketime 0.9.10 moves deadlines of timerfd whatever their clock, also with FAKETIME_DONT_FAKE_MONOTONIC:
// Swift's timers then fire without a pause, or ten minutes late.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>

static long offset;

__attribute__((constructor)) static void begin(void) {
    const char *text = getenv("WALL_CLOCK_SHIFT");
    offset = text ? atol(text) : 0;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

// No machine has been up since 2001: what is later is a moment of the wall clock.
static struct timespec unshifted(const struct timespec *moment) {
    struct timespec real = *moment;
    if (real.tv_sec > 1000000000) real.tv_sec -= offset;
    return real;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    static __typeof__(&clock_gettime) real;
    if (!real) real = REAL(clock_gettime);
    int status = real(clock, now);
    if (status == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += offset;
    return status;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec exact;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &exact);
    now->tv_sec = exact.tv_sec;
    now->tv_usec = exact.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *out) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out) *out = now.tv_sec;
    return now.tv_sec;
}

int pthread_cond_timedwait(
    pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex, const struct timespec *restrict until
) {
    struct timespec real = unshifted(until);
    return REAL(pthread_cond_timedwait)(condition, mutex, &real);
}

int sem_timedwait(sem_t *restrict semaphore, const struct timespec *restrict until) {
    struct timespec real = unshifted(until);
    return REAL(sem_timedwait)(semaphore, &real);
}

int timerfd_settime(int timer, int flags, const struct itimerspec *new, struct itimerspec *old) {
    struct itimerspec real = *new;
    if (flags & TFD_TIMER_ABSTIME) real.it_value = unshifted(&new->it_value);
    return REAL(timerfd_settime)(timer, flags, &real, old);
}
