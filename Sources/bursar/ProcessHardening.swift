// What the process gives up before it touches a secret.
private import Glibc

enum ProcessHardening {
    /// No core file: it would hold every secret in memory. SIGPIPE is ignored: a caller that hangs up is an
    /// error on its own connection, not the end of everyone's.
    static func apply() {
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
        signal(SIGPIPE, SIG_IGN)
    }
}
