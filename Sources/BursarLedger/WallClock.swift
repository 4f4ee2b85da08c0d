// This machine's idea of the time, for ids only: decisions take PostgreSQL's.
internal import BursarCore
private import Glibc

func wallClock() -> Instant {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return Instant(microseconds: Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1_000)
}
