// What a caller presents to say who it is: an id or a secret, in place.

/// Bytes of a request. Up to 48 of them, which is more than ids and secrets of ours have, are held in place,
/// so that a look-up by them takes nothing from the heap. Always printed as redacted. Not wiped, unlike
/// `Secret`: the header field that it was read from is not either.
package struct PresentedText: Sendable {
    private static let room = 48

    private let bytes: InlineArray<48, UInt8>
    package let count: Int
    /// All of them, where there is no room in place.
    private let rest: [UInt8]

    package init(_ text: UnsafeRawBufferPointer) {
        let fits = text.count <= Self.room
        var bytes = InlineArray<48, UInt8>(repeating: 0)
        if fits { withUnsafeMutableBytes(of: &bytes) { $0.copyMemory(from: text) } }
        self.bytes = bytes
        count = text.count
        rest = fits ? [] : Array(text)
    }

    package init(_ text: some Collection<UInt8>) {
        let bytes = Array(text)
        self = bytes.withUnsafeBytes { PresentedText($0) }
    }

    /// Lends the bytes; the pointer must not leave `body`.
    package func withBytes<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
        if count > Self.room { return rest.withUnsafeBytes(body) }
        return withUnsafeBytes(of: bytes) { body(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
    }

    package func revealText() -> String { withBytes { String(decoding: $0, as: UTF8.self) } }
}

extension PresentedText: Equatable {
    package static func == (left: PresentedText, right: PresentedText) -> Bool {
        left.withBytes { left in right.withBytes { right in equalInConstantTime(left, right) } }
    }
}

extension PresentedText: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "<redacted>" }
    package var debugDescription: String { "<redacted>" }
    package var customMirror: Mirror { Mirror(self, children: [(label: String?, value: Any)]()) }
}
