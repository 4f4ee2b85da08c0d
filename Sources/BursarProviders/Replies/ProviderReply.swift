// What came back from a provider, as a value.
import BursarCore

/// A whole reply. It may hold tokens, so it prints as its status.
struct ProviderReply: Sendable, CustomStringConvertible, CustomReflectable {
    let status: Int
    let headers: [NamedValue]
    let body: [UInt8]
    /// When the request was sent, on the gateway's wall clock.
    let sentAt: Instant

    /// The field, if it stands there once: a repeated `Retry-After` or `Date` says nothing.
    func header(_ name: String) -> String? {
        let values = headers.filter { $0.name.lowercased() == name }
        return values.count == 1 ? values[0].value : nil
    }

    var description: String { "status \(status)" }
    var customMirror: Mirror { Mirror(self, children: [(label: String?, value: Any)]()) }
}
