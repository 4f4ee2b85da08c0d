// What a request handler knows beside the request: the connection, for faults and for the loopback rule.

import Hummingbird
import NIOCore

/// A request's surroundings.
struct SimulatorContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
    }

    /// Whether the other end is on this machine.
    var isLoopback: Bool {
        switch channel.remoteAddress {
        case .v4, .v6:
            let address = channel.remoteAddress?.ipAddress?.lowercased() ?? ""
            let plain = address.hasPrefix("::ffff:") ? String(address.dropFirst("::ffff:".count)) : address
            return plain == "::1" || plain.hasPrefix("127.")
        case .unixDomainSocket: return true
        case nil: return false
        }
    }
}
