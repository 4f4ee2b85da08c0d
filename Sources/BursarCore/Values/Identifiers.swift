// The ids of the domain, one type each, so that no two can be mistaken for one another.

/// An id that is a UUID underneath.
package protocol UUIDIdentifier: Hashable, Sendable, Comparable, CustomStringConvertible {
    var uuid: UUIDValue { get }
    init(_ uuid: UUIDValue)
}

extension UUIDIdentifier {
    /// Nil unless `text` is the 36-character form of a UUID.
    package init?(_ text: String) {
        guard let uuid = UUIDValue(text) else { return nil }
        self.init(uuid)
    }

    package var description: String { uuid.description }

    package static func < (left: Self, right: Self) -> Bool { left.uuid < right.uuid }
}

/// The merchant: what the providers' documents call `businessUuid`.
package struct TenantID: UUIDIdentifier {
    package let uuid: UUIDValue
    package init(_ uuid: UUIDValue) { self.uuid = uuid }
}

/// Who a credential belongs to and whose data key seals it: one tenant, or a platform owner that several
/// tenants share (PROVIDERS B5). A tenant's own owner id equals its tenant id.
package struct OwnerID: UUIDIdentifier {
    package let uuid: UUIDValue
    package init(_ uuid: UUIDValue) { self.uuid = uuid }
    package init(_ tenant: TenantID) { uuid = tenant.uuid }
}

/// One credential with a provider, as stored.
package struct CredentialID: UUIDIdentifier {
    package let uuid: UUIDValue
    package init(_ uuid: UUIDValue) { self.uuid = uuid }
}

/// One running gateway process; a new one each start.
package struct ReplicaID: UUIDIdentifier {
    package let uuid: UUIDValue
    package init(_ uuid: UUIDValue) { self.uuid = uuid }
}

/// A provider profile's id: 1 to 32 of `[a-z0-9_-]`, beginning with a letter.
package struct ProviderID: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let text: String

    package init?(_ text: String) {
        let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
        let allowed = text.utf8.allSatisfy { byte in
            letters.contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
        }
        guard allowed, text.utf8.count <= 32, text.utf8.first.map(letters.contains) == true else {
            return nil
        }
        self.text = text
    }

    package var description: String { text }
    package static func < (left: ProviderID, right: ProviderID) -> Bool { left.text < right.text }
}

/// Where a provider's money is real and where it is not; their caches never mix (PROVIDERS Z2).
package enum ProviderEnvironment: String, Hashable, Sendable, CaseIterable, Comparable,
    CustomStringConvertible
{
    case sandbox, production

    package var description: String { rawValue }
    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// A merchant backend's id with Bursar: `brc_` and 20 of `[A-Za-z0-9]` (docs/API.md section 4). Held in
/// place: there are as many as there are clients, and each request names one.
package struct ClientID: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The characters after the prefix, the first one highest.
    private let first: UInt64
    private let second: UInt64
    private let third: UInt32

    package init?(_ text: String) {
        guard let id = text.withBytes({ ClientID($0) }) else { return nil }
        self = id
    }

    package init?(_ text: UnsafeRawBufferPointer) {
        guard text.count == ClientID.count, hasPrefix(text, ClientID.prefix),
            isBase62(text[(ClientID.count - ClientID.randomCount)...])
        else { return nil }
        first = UInt64(bigEndian: text.loadUnaligned(fromByteOffset: 4, as: UInt64.self))
        second = UInt64(bigEndian: text.loadUnaligned(fromByteOffset: 12, as: UInt64.self))
        third = UInt32(bigEndian: text.loadUnaligned(fromByteOffset: 20, as: UInt32.self))
    }

    /// From as many characters as there are, which are known to be of `[A-Za-z0-9]`.
    init(random characters: some Collection<UInt8>) {
        var words: (UInt64, UInt64, UInt32) = (0, 0, 0)
        for (index, character) in characters.enumerated() {
            switch index {
            case ..<8: words.0 = words.0 << 8 | UInt64(character)
            case ..<16: words.1 = words.1 << 8 | UInt64(character)
            default: words.2 = words.2 << 8 | UInt32(character)
            }
        }
        (first, second, third) = words
    }

    package static let prefix = "brc_"
    package static let randomCount = 20
    package static let count = 24

    package var text: String {
        String(unsafeUninitializedCapacity: ClientID.count) { text in
            copy(to: UnsafeMutableRawBufferPointer(text))
            return ClientID.count
        }
    }

    /// Writes its text: `count` bytes.
    package func copy(to bytes: UnsafeMutableRawBufferPointer) {
        bytes.copyBytes(from: ClientID.prefix.utf8)
        bytes.storeBytes(of: first.bigEndian, toByteOffset: 4, as: UInt64.self)
        bytes.storeBytes(of: second.bigEndian, toByteOffset: 12, as: UInt64.self)
        bytes.storeBytes(of: third.bigEndian, toByteOffset: 20, as: UInt32.self)
    }

    package var description: String { text }

    package static func < (left: ClientID, right: ClientID) -> Bool {
        (left.first, left.second, left.third) < (right.first, right.second, right.third)
    }

    /// Ids are random: two words tell them apart as well as three. Characters leave some bits of each
    /// byte alone, which a product does not.
    package var spread: UInt64 {
        let product = (first ^ 0x9e37_79b9_7f4a_7c15).multipliedFullWidth(by: second)
        return product.high ^ product.low
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(spread) }
}

/// Whether the bytes begin with `prefix`.
func hasPrefix(_ bytes: UnsafeRawBufferPointer, _ prefix: String) -> Bool {
    prefix.withBytes { prefix in
        guard bytes.count >= prefix.count else { return false }
        for place in 0..<prefix.count where bytes[place] != prefix[place] { return false }
        return true
    }
}

/// Whether `byte` is one of `[A-Za-z0-9]`. Without a branch: which of them a random character is, no
/// processor foresees.
package func isBase62(_ byte: UInt8) -> Bool {
    let isDigit = byte &- UInt8(ascii: "0") < 10
    let isLetter = (byte | 0x20) &- UInt8(ascii: "a") < 26
    return isDigit != isLetter
}

/// The same of all `bytes`. It looks at each of them, several at once.
func isBase62(_ bytes: Slice<UnsafeRawBufferPointer>) -> Bool {
    UnsafeRawBufferPointer(rebasing: bytes).reduce(0) { $0 &+ (isBase62($1) ? 0 : 1) } == 0
}
