// Why a server cannot listen, and what to do about it.

/// Told to whoever starts Bursar.
package enum HTTPServerError: Error, Hashable, CustomStringConvertible {
    case portTaken(ServerSide, host: String, port: Int)
    case notPermitted(ServerSide, host: String, port: Int)
    case hostUnknown(ServerSide, host: String, port: Int)
    /// Any other reason, with the system's words.
    case cannotListen(ServerSide, host: String, port: Int, reason: String)

    package var description: String {
        switch self {
        case .portTaken(let side, let host, let port):
            "\(host):\(port) is taken by another program: stop that program, or set \(side.portSetting) to a "
                + "free port (the \(side.rawValue) side listens there)"
        case .notPermitted(let side, let host, let port):
            "\(host):\(port) may not be listened on: ports below 1024 need a permission "
                + "(CAP_NET_BIND_SERVICE); grant it, or set \(side.portSetting) to a higher port"
        case .hostUnknown(let side, let host, let port):
            "\(host):\(port) cannot be listened on: \(host) is no address of this machine; set "
                + "\(side.hostSetting) to one"
        case .cannotListen(let side, let host, let port, let reason):
            "\(host):\(port) cannot be listened on (\(reason)); the \(side.rawValue) side is set by "
                + "\(side.hostSetting) and \(side.portSetting)"
        }
    }
}
