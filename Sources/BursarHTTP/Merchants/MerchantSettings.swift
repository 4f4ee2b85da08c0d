// What the merchant side has to be told.

/// Settings of the merchant side, checked by whoever read them.
package struct MerchantSettings: Sendable {
    /// How merchants reach Bursar: the issuer in the metadata, byte for byte. The Host header is not asked,
    /// since whoever sends a request chooses it.
    package let publicURL: String

    /// - Parameter publicURL: scheme, host, perhaps port and path; without query and fragment (RFC 8414 §2).
    package init(publicURL: String) { self.publicURL = publicURL }
}
