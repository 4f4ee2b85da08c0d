// What the process gives up before it touches a secret, and what it takes to serve.
private import CAllocator
private import Foundation
private import Glibc
private import NIOCore

enum ProcessHardening {
    /// No core file: it would hold every secret in memory. SIGPIPE is ignored: a caller that hangs up is an
    /// error on its own connection, not the end of everyone's.
    static func apply() {
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
        signal(SIGPIPE, SIG_IGN)
    }

    /// As many open files as the system grants: the usual soft limit of 1,024 is for programs that use
    /// select(2), and far below the connections that a gateway takes (docs/API.md section 8).
    static func raiseFileLimit() {
        let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(files, &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(files, &limit)
    }

    /// An event loop for each processor that this process may use. By itself NIO counts those of the machine
    /// or the cgroup: whoever pins a gateway to some of them would have loops that take turns. To be called
    /// before the first loop is made.
    static func fitEventLoops() {
        guard processors < System.coreCount else { return }
        NIOSingletons.groupLoopCountSuggestion = processors
    }

    /// A million tenants are small objects that stay, and between them is whatever was there for a moment. By
    /// itself the allocator makes up to eight arenas a processor, each of which keeps what its threads let go
    /// of, and puts blocks of up to 32 MB among what stays (mallopt(3)): a tenth more memory.
    static func fitAllocator() {
        mallopt(M_ARENA_MAX, Int32(processors + 1))
        // Said once, they do not grow any more with the blocks that are let go of.
        mallopt(M_MMAP_THRESHOLD, 1 << 20)
        mallopt(M_TRIM_THRESHOLD, 4 << 20)
    }

    private static var processors: Int { min(allowedProcessors ?? .max, System.coreCount) }

    /// How many processors this process may run on (proc_pid_status(5)).
    private static var allowedProcessors: Int? {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed:") }
        let count = line?.dropFirst("Cpus_allowed:".count).compactMap(\.hexDigitValue)
            .reduce(0) { $0 + $1.nonzeroBitCount }
        return count.flatMap { $0 > 0 ? $0 : nil }
    }
}
