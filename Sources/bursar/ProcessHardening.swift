// What the process gives up before it touches a secret, and what it takes to serve.
private import Glibc

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
}
