// The bytes of a text, without making a variable of it.

extension StringProtocol {
    /// Lends the UTF-8. The standard library's `withUTF8` may change the text, and so needs a variable:
    /// a copy, which is held on to and let go again.
    @inlinable package func withBytes<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
        utf8.withContiguousStorageIfAvailable { body(UnsafeRawBufferPointer($0)) }
            ?? Array(utf8).withUnsafeBytes { body($0) }
    }
}
