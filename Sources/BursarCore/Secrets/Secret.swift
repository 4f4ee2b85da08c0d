// A value that must not be seen: it prints as redacted, and its memory is wiped when it goes.
private import Glibc

/// Plaintext of a credential, token or key on its way through the program. It converts only by an explicit
/// call, every way of printing it says `<redacted>`, and two are compared in constant time.
package struct Secret: Sendable {
    // The bytes are written in `Storage.holding` and wiped in its `deinit`, and only read in between.
    private nonisolated(unsafe) let storage: Storage

    package init(_ bytes: some Collection<UInt8>) { storage = Storage.holding(bytes) }
    package init(_ text: String) { self.init(text.utf8) }

    package var count: Int { storage.header }
    package var isEmpty: Bool { count == 0 }

    /// Lends the bytes; the pointer must not leave `body`.
    package func withBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        defer { withExtendedLifetime(storage) {} }
        return try body(storage.bytes)
    }

    /// Its memory, which stays the same for as long as there is a copy of it: for `fetchAhead` alone.
    package var place: ObjectIdentifier { ObjectIdentifier(storage) }

    /// A copy that is not wiped: only for handing to an interface that takes nothing else.
    package func reveal() -> [UInt8] { withBytes { Array($0) } }

    /// The same as text; bytes that are not UTF-8 become replacement characters.
    package func revealText() -> String { withBytes { String(decoding: $0, as: UTF8.self) } }

    /// How many bytes there are, and behind that the bytes themselves: one piece of memory.
    private final class Storage: ManagedBuffer<Int, UInt8> {
        static func holding(_ bytes: some Collection<UInt8>) -> Storage {
            let made = create(minimumCapacity: bytes.count) { _ in bytes.count }
            made.withUnsafeMutablePointerToElements { start in
                _ = UnsafeMutableBufferPointer(start: start, count: bytes.count).initialize(from: bytes)
            }
            return unsafeDowncast(made, to: Storage.self)
        }

        var bytes: UnsafeRawBufferPointer {
            withUnsafeMutablePointers { UnsafeRawBufferPointer(start: $1, count: $0.pointee) }
        }

        deinit { withUnsafeMutablePointers { explicit_bzero($1, $0.pointee) } }
    }
}

extension Secret: Equatable {
    package static func == (left: Secret, right: Secret) -> Bool {
        left.withBytes { left in right.withBytes { right in equalInConstantTime(left, right) } }
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "<redacted>" }
    package var debugDescription: String { "<redacted>" }
    package var customMirror: Mirror { Mirror(self, children: [(label: String?, value: Any)]()) }
}

/// Equality whose time depends on the lengths only.
package func equalInConstantTime(_ left: some Collection<UInt8>, _ right: some Collection<UInt8>) -> Bool {
    let isEqual = left.withContiguousStorageIfAvailable { left in
        right.withContiguousStorageIfAvailable { right in
            equalInConstantTime(UnsafeRawBufferPointer(left), UnsafeRawBufferPointer(right))
        }
    }
    if let isEqual = isEqual ?? nil { return isEqual }
    return Array(left).withUnsafeBytes { left in
        Array(right).withUnsafeBytes { equalInConstantTime(left, $0) }
    }
}

/// The same for bytes in memory.
package func equalInConstantTime(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
    guard left.count == right.count else { return false }
    var difference: UInt8 = 0
    for index in left.indices { difference |= left[index] ^ right[index] }
    return difference == 0
}
