// SHA-256 of a token: what the simulator keeps instead of the token.

import Crypto

/// The SHA-256 of a token's UTF-8 bytes, 32 bytes held without an array.
struct TokenDigest: Hashable, Sendable {
    private let words: SIMD4<UInt64>

    init(of token: String) {
        self.init(bytes: Array(SHA256.hash(data: Array(token.utf8))))
    }

    /// Nil unless 64 hexadecimal digits.
    init?(hex: String) {
        let digits = hex.compactMap(\.hexDigitValue)
        guard digits.count == 64, hex.utf8.count == 64 else { return nil }
        self.init(bytes: stride(from: 0, to: 64, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) })
    }

    private init(bytes: [UInt8]) {
        var words = SIMD4<UInt64>()
        for (index, byte) in bytes.enumerated() {
            words[index / 8] = words[index / 8] << 8 | UInt64(byte)
        }
        self.words = words
    }

    var hex: String {
        words.indices.map { index in
            let hex = String(words[index], radix: 16)
            return String(repeating: "0", count: 16 - hex.count) + hex
        }.joined()
    }
}
