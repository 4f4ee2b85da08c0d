// Secrets that stay where the operator keeps them: a file or a variable, read when needed.
package import BursarCore

/// Reads a credential's secret by reference (PROVIDERS T4).
package protocol SecretReferences: Sendable {
    /// `reference` is `file:NAME` or `env:NAME`.
    func read(_ reference: String) throws(SecretReferenceError) -> Secret
}

/// Why a reference gave no secret. Names the reference, never its content.
package struct SecretReferenceError: Error, Sendable, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}
