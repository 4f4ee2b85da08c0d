// What is kept of a client's secret.

/// HMAC-SHA-256 of the secret under a pepper: four words, by which clients are looked up.
package struct ClientSecretHash: Sendable, Equatable {
    private let words: (UInt64, UInt64, UInt64, UInt64)

    /// From 32 bytes as a hash function leaves them; nil when there are more or fewer.
    package init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count == 32 else { return nil }
        func word(_ index: Int) -> UInt64 {
            UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self))
        }
        words = (word(0), word(1), word(2), word(3))
    }

    package var bytes: [UInt8] {
        [words.0, words.1, words.2, words.3].flatMap { word in
            (0..<8).map { UInt8(truncatingIfNeeded: word >> (56 - 8 * UInt64($0))) }
        }
    }

    /// Any part of a keyed hash is as good as another.
    package var spread: UInt64 { words.0 }

    package static func == (left: Self, right: Self) -> Bool { left.words == right.words }
}

extension ClientSecretHash: Hashable {
    package func hash(into hasher: inout Hasher) { hasher.combine(spread) }
}
