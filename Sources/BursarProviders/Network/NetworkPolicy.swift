// Where provider URLs may lead: the guard against a profile that points the gateway at its own network.

/// The setting `BURSAR_PROVIDER_NETWORKS` (docs/API.md section 2).
package enum NetworkPolicy: Sendable, Equatable, CustomStringConvertible {
    /// Globally reachable addresses only, by HTTPS.
    case publicOnly
    /// Those, and loopback, there also by plain HTTP: for development and tests.
    case loopbackToo
    /// These blocks and nothing else, by HTTPS.
    case networks([AddressRange])

    /// Reads `public`, `loopback-too`, or CIDR blocks separated by commas or spaces.
    package init(setting: String) throws(NetworkPolicyError) {
        let words = setting.split { $0 == "," || $0.isWhitespace }.map(String.init)
        switch words {
        case []: throw NetworkPolicyError(word: setting)
        case ["public"]: self = .publicOnly
        case ["loopback-too"]: self = .loopbackToo
        default:
            var ranges: [AddressRange] = []
            for word in words {
                guard let range = AddressRange(word) else { throw NetworkPolicyError(word: word) }
                ranges.append(range)
            }
            self = .networks(ranges)
        }
    }

    /// Whether a provider may stand at `address`. An IPv4 address in IPv6 clothing is judged as what it leads
    /// to.
    package func permits(_ address: IPAddressValue) -> Bool {
        switch self {
        case .publicOnly: SpecialRanges.isPublic(address)
        case .loopbackToo: SpecialRanges.isPublic(address) || address.isLoopback
        case .networks(let ranges):
            [address.unmapped, address.embedded].compactMap(\.self).contains { address in
                ranges.contains { $0.contains(address) }
            }
        }
    }

    /// Whether a request without TLS may be sent to a host that resolved to `addresses`.
    package func permitsPlainHTTP(to addresses: [IPAddressValue]) -> Bool {
        self == .loopbackToo && addresses.allSatisfy(\.isLoopback)
    }

    /// As in the setting.
    package var description: String {
        switch self {
        case .publicOnly: "public"
        case .loopbackToo: "loopback-too"
        case .networks(let ranges): ranges.map(\.description).joined(separator: ",")
        }
    }
}

/// A setting that is no policy.
package struct NetworkPolicyError: Error, Equatable, CustomStringConvertible {
    /// The part that was not understood.
    package let word: String

    package var description: String {
        "'\(word)' is neither 'public' nor 'loopback-too' nor a network such as 10.20.0.0/16 (address bits "
            + "beyond the prefix must be zero)"
    }
}
