// Resolves names with getaddrinfo, off the event loops.
private import Glibc
private import NIOPosix
private import Synchronization

/// Answers from the address book, or looks the name up on a thread of its own.
final class HostResolver: Sendable {
    /// As many names can hang at once before others wait for them.
    private static let threads = 8

    private let book = Mutex(AddressBook<FirstResult<[IPAddressValue]?>>())
    private let pool = NIOThreadPool(numberOfThreads: HostResolver.threads)

    init() { pool.start() }

    /// The addresses of `host`, in the order in which to try them; nil when it has none, or when the calling
    /// task is cancelled. A cancelled caller leaves the look-up behind, and others still get its answer.
    func addresses(of host: String) async -> [IPAddressValue]? {
        let waiter = FirstResult<[IPAddressValue]?>()
        switch book.withLock({ $0.ask(host, waiter: waiter, at: .now) }) {
        case .use(let addresses): return addresses
        case .wait: break
        case .lookUp:
            pool.submit { [self] state in
                let addresses: [IPAddressValue]? =
                    switch state {
                    case .active: HostResolver.lookUp(host)
                    case .cancelled: nil
                    }
                let waiters = book.withLock { $0.ended(host, with: addresses, at: .now) }
                for waiter in waiters { waiter.complete(addresses) }
            }
        }
        return await withTaskCancellationHandler {
            await waiter.value()
        } onCancel: {
            waiter.complete(nil)
        }
    }

    /// `address` of `host` could not be connected to.
    func demote(_ address: IPAddressValue, of host: String) { book.withLock { $0.demote(address, of: host) } }

    /// Does not wait for look-ups under way: they may take as long as the name server does.
    func stop() { pool.shutdownGracefully { _ in } }

    /// Blocks until the name server has answered. Nil when there is no address.
    private static func lookUp(_ host: String) -> [IPAddressValue]? {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &list) == 0 else { return nil }
        defer { freeaddrinfo(list) }
        var addresses: [IPAddressValue] = []
        var next = list
        while let info = next?.pointee {
            if let address = address(of: info), !addresses.contains(address) { addresses.append(address) }
            next = info.ai_next
        }
        return addresses.isEmpty ? nil : addresses
    }

    private static func address(of info: addrinfo) -> IPAddressValue? {
        guard let raw = UnsafeRawPointer(info.ai_addr) else { return nil }
        switch info.ai_family {
        case AF_INET:
            let socket = raw.loadUnaligned(as: sockaddr_in.self)
            return withUnsafeBytes(of: socket.sin_addr) { IPAddressValue(bytes: Array($0)) }
        case AF_INET6:
            let socket = raw.loadUnaligned(as: sockaddr_in6.self)
            return withUnsafeBytes(of: socket.sin6_addr) { IPAddressValue(bytes: Array($0)) }
        default: return nil
        }
    }
}
