// A CIDR block.

/// The addresses that share a prefix. An IPv4 block holds no IPv6 address and the other way round.
package struct AddressRange: Hashable, Sendable, CustomStringConvertible {
    let first: IPAddressValue
    let prefix: Int

    /// `10.0.0.0/8`, `2001:db8::/32`, or a single address. Nil when it is none of these, or when bits beyond
    /// the prefix are set: `10.1.2.3/8` is more likely a slip than a wish for all of 10/8.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let address = parts.first.flatMap({ IPAddressValue(String($0)) }), parts.count <= 2 else {
            return nil
        }
        let widest = address.bytes.count * 8
        first = address
        if parts.count == 2 {
            guard parts[1].utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }),
                let number = Int(parts[1]), number <= widest
            else { return nil }
            prefix = number
        } else {
            prefix = widest
        }
        for (index, byte) in address.bytes.enumerated() where index >= prefix / 8 {
            let kept = index == prefix / 8 ? prefix % 8 : 0
            guard byte & (0xff >> kept) == 0 else { return nil }
        }
    }

    func contains(_ address: IPAddressValue) -> Bool {
        let (mine, other) = (first.bytes, address.bytes)
        guard mine.count == other.count else { return false }
        let whole = prefix / 8
        guard mine[..<whole].elementsEqual(other[..<whole]) else { return false }
        let rest = prefix % 8
        return rest == 0 || (mine[whole] ^ other[whole]) >> (8 - rest) == 0
    }

    package var description: String { "\(first)/\(prefix)" }
}
