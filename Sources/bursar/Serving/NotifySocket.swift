// Tells the service manager how we are (sd_notify(3)), where one has started us.
import BursarGateway
import Glibc
import NIOCore
import ServiceLifecycle

/// One datagram for each message, to the socket that the environment names.
struct NotifySocket: Sendable {
    private let path: [UInt8]
    /// How often it wants to hear that we are alive; nil when it does not.
    let watchdogInterval: Duration?

    /// Nil when no service manager listens.
    init?(environment: [String: String]) {
        guard let name = environment["NOTIFY_SOCKET"], let first = name.utf8.first,
            first == UInt8(ascii: "/") || first == UInt8(ascii: "@"),
            name.utf8.count < MemoryLayout.size(ofValue: sockaddr_un().sun_path)
        else { return nil }
        // `@` stands for the zero byte of an abstract name (unix(7)).
        path = first == UInt8(ascii: "@") ? [0] + name.utf8.dropFirst() : Array(name.utf8)
        let isForUs = environment["WATCHDOG_PID"].map { $0 == "\(getpid())" } ?? true
        let microseconds = environment["WATCHDOG_USEC"].flatMap { Int64($0) } ?? 0
        watchdogInterval =
            isForUs && microseconds > 0 ? max(.milliseconds(1), .microseconds(microseconds / 2)) : nil
    }

    /// A service manager that does not take it is no reason to stop serving.
    func say(_ message: String) {
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + path.count)
        let bytes = Array(message.utf8)
        // Never waits: the next ping makes up for a lost one, and nothing for a stop that hangs.
        let flags = Int32(MSG_NOSIGNAL | MSG_DONTWAIT)
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                _ = sendto(descriptor, bytes, bytes.count, flags, address, length)
            }
        }
    }
}

/// Says that we are ready and that we live. Alive means: every event loop takes work, and the
/// configuration can be looked into. A process that hangs is killed and started anew.
struct NotifyService: Service {
    let socket: NotifySocket
    let gateway: Gateway
    let eventLoopGroup: any EventLoopGroup

    func run() async {
        socket.say("READY=1")
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                try? await Task.sleep(for: socket.watchdogInterval ?? .seconds(3_600))
                guard socket.watchdogInterval != nil, !Task.isCancelled else { continue }
                await proveLife()
                socket.say("WATCHDOG=1")
            }
        }
    }

    /// Returns when everything that serves has taken a turn; never, when something hangs.
    private func proveLife() async {
        for loop in eventLoopGroup.makeIterator() { try? await loop.submit {}.get() }
        _ = gateway.isReady
    }
}
