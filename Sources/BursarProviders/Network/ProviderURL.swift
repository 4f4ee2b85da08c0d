// An absolute http or https URL, read strictly: two readers of one URL must not see two hosts.
import BursarCore

/// A URL whose every part was checked. It is written anew from its parts, so that what the HTTP client reads
/// is what was judged here.
struct ProviderURL: Sendable, Equatable {
    enum Problem: Error, Equatable, CustomStringConvertible {
        case scheme, userInfo, host, port, path, fragment

        var description: String {
            switch self {
            case .scheme: "must begin with https://"
            case .userInfo: "must not hold a user name or password"
            case .host: "has no proper host name"
            case .port: "has no proper port"
            case .path: "holds a character that must be percent-encoded"
            case .fragment: "must not hold a fragment (#)"
            }
        }
    }

    let isSecure: Bool
    /// Lower case; an IPv6 address without its brackets.
    let host: String
    let port: Int
    /// Path and query, as it stands in the request line; at least `/`.
    let target: String

    init(_ text: String) throws(Problem) {
        let rest: Substring
        if text.lowercased().hasPrefix("https://") {
            (isSecure, rest) = (true, text.dropFirst(8))
        } else if text.lowercased().hasPrefix("http://") {
            (isSecure, rest) = (false, text.dropFirst(7))
        } else {
            throw .scheme
        }
        if rest.contains("#") { throw .fragment }
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        if authority.contains("@") { throw .userInfo }
        let (host, port) = try ProviderURL.split(authority)
        self.host = host
        self.port =
            try port.map { port throws(Problem) in try ProviderURL.number(port) } ?? (isSecure ? 443 : 80)
        let target = rest[authority.endIndex...]
        guard ProviderURL.isTarget(target) else { throw .path }
        self.target = target.hasPrefix("/") ? String(target) : "/" + target
    }

    var text: String {
        let standard = isSecure ? 443 : 80
        let host = host.contains(":") ? "[\(host)]" : host
        return (isSecure ? "https://" : "http://") + host + (port == standard ? "" : ":\(port)") + target
    }

    /// Whether the name itself says loopback, before anything is resolved.
    var namesLoopback: Bool {
        host == "localhost" || host.hasSuffix(".localhost") || IPAddressValue(host)?.isLoopback == true
    }

    private static func split(_ authority: Substring) throws(Problem) -> (String, Substring?) {
        if authority.hasPrefix("[") {
            guard let close = authority.firstIndex(of: "]") else { throw .host }
            let inner = String(authority[authority.index(after: authority.startIndex)..<close])
            guard case .v6 = IPAddressValue(inner)?.form else { throw .host }
            let rest = authority[authority.index(after: close)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { throw .port }
            return (inner.lowercased(), rest.isEmpty ? nil : rest.dropFirst())
        }
        let parts = authority.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let host = parts.first ?? ""
        let labels = host.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...253).contains(host.utf8.count), host.utf8.allSatisfy(mayStandInHost),
            // One dot at the end is a proper absolute name; an empty label elsewhere is not.
            labels.dropLast().allSatisfy({ !$0.isEmpty })
        else { throw .host }
        return (host.lowercased(), parts.count == 2 ? parts[1] : nil)
    }

    private static func number(_ text: Substring) throws(Problem) -> Int {
        guard text.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }), let port = Int(text),
            (1...65_535).contains(port)
        else { throw .port }
        return port
    }

    private static func mayStandInHost(_ byte: UInt8) -> Bool {
        isBase62(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_")
    }

    /// RFC 3986 §3.3, §3.4: unreserved, sub-delims, `: @ / ?`, and `%` with its two digits. Anything else
    /// Foundation would silently rewrite.
    static func isTarget(_ text: some StringProtocol) -> Bool {
        let bytes = Array(text.utf8)
        return bytes.indices.allSatisfy { index in
            if bytes[index] == UInt8(ascii: "%") {
                return index + 2 < bytes.count
                    && bytes[index + 1...index + 2].allSatisfy { hexDigitValue($0) != nil }
            }
            return isBase62(bytes[index]) || "-._~!$&'()*+,;=:@/?".utf8.contains(bytes[index])
        }
    }
}
