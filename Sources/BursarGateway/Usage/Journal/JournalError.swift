// Why there is no journal.

/// What was wrong, where, and what to do.
package struct JournalError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String
    init(_ description: String) { self.description = description }
}

/// A part of a journal that did not survive, as the log states it.
package struct JournalDamage: Hashable, Sendable, CustomStringConvertible {
    package let file: String
    package let offset: Int
    package let bytes: Int
    /// Frames that should be at this place, and are not.
    package let missingFrames: Int64

    init(file: String, offset: Int, bytes: Int, missingFrames: Int64 = 0) {
        self.file = file
        self.offset = offset
        self.bytes = bytes
        self.missingFrames = missingFrames
    }

    package var description: String {
        missingFrames > 0
            ? "\(file): \(missingFrames) frames are missing before \(offset)"
            : "\(file): \(bytes) bytes at \(offset) are damaged"
    }
}
