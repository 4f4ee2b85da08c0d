// The special-purpose addresses (RFC 6890 and IANA's two registries) that no payment provider stands on.

/// What `public` refuses. A table of text is slower than numbers but can be read beside the registry; a name
/// is resolved at most every half minute.
enum SpecialRanges {
    /// IPv4: everything in the registry that is not globally reachable, and the retired 6to4 relay.
    static let v4 = ranges([
        "0.0.0.0/8",  // this network
        "10.0.0.0/8",  // private
        "100.64.0.0/10",  // carrier-grade NAT; also cloud metadata of some hosters
        "127.0.0.0/8",  // loopback
        "169.254.0.0/16",  // link-local, and with it the clouds' metadata services
        "172.16.0.0/12",  // private
        "192.0.0.0/24",  // protocol assignments
        "192.0.2.0/24",  // documentation
        "192.88.99.0/24",  // 6to4 relay anycast, deprecated
        "192.168.0.0/16",  // private
        "198.18.0.0/15",  // benchmarking
        "198.51.100.0/24",  // documentation
        "203.0.113.0/24",  // documentation
        "224.0.0.0/4",  // multicast
        "240.0.0.0/4",  // reserved, and the broadcast address
    ])

    /// The only part of IPv6 that is given out as global unicast (RFC 4291 §2.4). What lies outside, such as
    /// `::`, `::1`, `64:ff9b:1::/48`, `100::/64`, `fc00::/7`, `fe80::/10` and `ff00::/8`, is refused unnamed.
    static let v6Unicast = ranges(["2000::/3"])

    /// Within 2000::/3.
    static let v6 = ranges([
        "2001::/23",  // protocol assignments: Teredo, benchmarking, …
        "2001:db8::/32",  // documentation
        "3fff::/20",  // documentation (RFC 9637)
    ])

    /// Parts of 2001::/23 that the registry calls globally reachable.
    static let v6Exceptions = ranges([
        "2001:1::1/128",  // port control protocol anycast
        "2001:1::2/128",  // TURN anycast
        "2001:1::3/128",  // DNS-SD service registration anycast
        "2001:3::/32",  // AMT
        "2001:4:112::/48",  // AS112
        "2001:20::/28",  // ORCHIDv2
        "2001:30::/28",  // drone remote id
    ])

    static func isPublic(_ address: IPAddressValue) -> Bool {
        let address = address.unmapped
        if let embedded = address.embedded { return isPublic(embedded) }
        switch address.form {
        case .v4: return !v4.contains { $0.contains(address) }
        case .v6:
            guard v6Unicast.contains(where: { $0.contains(address) }) else { return false }
            return !v6.contains { $0.contains(address) } || v6Exceptions.contains { $0.contains(address) }
        }
    }

    private static func ranges(_ texts: [String]) -> [AddressRange] {
        let ranges = texts.compactMap { AddressRange($0) }
        // A line that does not parse would open what it should close.
        precondition(ranges.count == texts.count, "a special range is misspelt")
        return ranges
    }
}
