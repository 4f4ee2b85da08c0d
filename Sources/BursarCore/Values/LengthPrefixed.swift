// An unambiguous encoding of a list of fields: ["ab", "c"] and ["a", "bc"] must never be the same bytes.

/// Each field as its length (four bytes, big endian) and its bytes. Cache keys and the associated data of
/// sealed values are made of it.
package struct LengthPrefixed: Sendable {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    package mutating func append(_ field: some Collection<UInt8>) {
        let count = UInt32(field.count)
        for shift in [24, 16, 8, 0] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: count >> shift)) }
        bytes.append(contentsOf: field)
    }

    package mutating func append(_ text: String) { append(Array(text.utf8)) }
    package mutating func append(_ number: Int) { append(String(number)) }
}
