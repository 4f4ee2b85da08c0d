// What can go wrong with keys and sealed values.

/// Texts are for operators and name keys by their ids; none holds key material.
package enum VaultError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The keyring cannot be used; the text says why and what to do, and never shows key material.
    case keyring(String)
    /// A data key was wrapped under a key that the keyring does not hold.
    case keyMissing(String)
    /// Keys are to be sealed under a key that the keyring does not hold.
    case sealingKeyMissing(String)
    /// The sealed value does not open: altered, moved from another row, or sealed under another key.
    case doesNotOpen
    /// The sealed value is not one of ours, or of a later version of this program.
    case unknownFormat
    /// The owner has no data key of that version.
    case dataKeyMissing(version: Int)

    package var description: String {
        switch self {
        case .keyring(let text): text
        case .keyMissing(let id):
            "the keyring lacks the key \(id), under which stored values are sealed; put its line back"
        case .sealingKeyMissing(let id):
            "this keyring lacks the key \(id), under which keys are sealed since `bursar keys rotate \(id)`; "
                + "add its line"
        case .doesNotOpen:
            "a sealed value does not open: it was altered, moved to another row, or the keyring holds "
                + "another key under the same id"
        case .unknownFormat: "a sealed value has an unknown format; was it written by a later version?"
        case .dataKeyMissing(let version): "the data key of version \(version) is missing from the database"
        }
    }
}
