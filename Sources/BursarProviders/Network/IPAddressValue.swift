// An IP address as a number, so that ranges are compared as numbers and no spelling of an address slips by.
private import Glibc

/// An IPv4 or IPv6 address without port or zone.
package struct IPAddressValue: Hashable, Sendable, CustomStringConvertible {
    enum Form: Hashable, Sendable {
        case v4(UInt32)
        case v6(high: UInt64, low: UInt64)
    }

    let form: Form

    init(v4 number: UInt32) { form = .v4(number) }
    init(v6High high: UInt64, low: UInt64) { form = .v6(high: high, low: low) }

    /// Four or sixteen bytes in network order; nil for any other count.
    init?(bytes: some Collection<UInt8>) {
        func number(_ bytes: some Collection<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
        switch bytes.count {
        case 4: form = .v4(UInt32(number(bytes)))
        case 16: form = .v6(high: number(bytes.prefix(8)), low: number(bytes.dropFirst(8)))
        default: return nil
        }
    }

    /// Only the plain forms, `192.0.2.1` and `2001:db8::1`. The many others that `getaddrinfo` accepts
    /// (`0x7f.1`, `2130706433`) are judged after it has resolved them.
    package init?(_ text: String) {
        var v4 = in_addr()
        var v6 = in6_addr()
        if inet_pton(AF_INET, text, &v4) == 1 {
            self.init(bytes: withUnsafeBytes(of: &v4) { Array($0) })
        } else if inet_pton(AF_INET6, text, &v6) == 1 {
            self.init(bytes: withUnsafeBytes(of: &v6) { Array($0) })
        } else {
            return nil
        }
    }

    var bytes: [UInt8] {
        switch form {
        case .v4(let number): (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) }
        case .v6(let high, let low):
            [high, low].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * $0)) } }
        }
    }

    package var description: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let family =
            switch form {
            case .v4: AF_INET
            case .v6: AF_INET6
            }
        let bytes = bytes
        guard inet_ntop(family, bytes, &text, socklen_t(text.count)) != nil else { return "?" }
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

extension IPAddressValue {
    /// The IPv4 address that a v4-mapped address (RFC 4291 §2.5.5.2) names: the kernel connects over IPv4.
    var unmapped: IPAddressValue {
        if case .v6(high: 0, let low) = form, low >> 32 == 0xffff {
            IPAddressValue(v4: UInt32(truncatingIfNeeded: low))
        } else {
            self
        }
    }

    /// The IPv4 address to which a translator or tunnel carries this one: NAT64 (RFC 6052) and 6to4 (RFC
    /// 3056).
    var embedded: IPAddressValue? {
        guard case .v6(let high, let low) = form else { return nil }
        if high == 0x0064_ff9b_0000_0000, low >> 32 == 0 {
            return IPAddressValue(v4: UInt32(truncatingIfNeeded: low))
        }
        if high >> 48 == 0x2002 { return IPAddressValue(v4: UInt32(truncatingIfNeeded: high >> 16)) }
        return nil
    }

    var isLoopback: Bool {
        switch unmapped.form {
        case .v4(let number): number >> 24 == 127
        case .v6(let high, let low): high == 0 && low == 1
        }
    }
}
