// Names to addresses, with getaddrinfo: it blocks, so only ever on a connection's own thread.
import Glibc

enum HostResolution {
    /// Whether it is an IPv4 or IPv6 address as it stands.
    static func isNumeric(_ host: String) -> Bool {
        var address = in6_addr()
        return inet_pton(AF_INET, host, &address) == 1 || host.contains(":")
    }

    /// All addresses of a name in the system's order; empty when there is none.
    static func addresses(of host: String) -> [String] {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        return sequence(first: list, next: { $0?.pointee.ai_next })
            .prefix { $0 != nil }
            .compactMap { $0.flatMap { numeric($0.pointee) } }
    }

    private static func numeric(_ info: addrinfo) -> String? {
        // NI_MAXHOST: 1025.
        var name = [CChar](repeating: 0, count: 1025)
        let code = getnameinfo(
            info.ai_addr, info.ai_addrlen, &name, socklen_t(name.count), nil, 0, NI_NUMERICHOST)
        guard code == 0 else { return nil }
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
