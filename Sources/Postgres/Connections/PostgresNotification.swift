// What NOTIFY delivers.

/// A notification as it arrived. One that was sent while nobody listened is gone for good.
package struct PostgresNotification: Sendable, Hashable {
    /// As LISTEN named it.
    package let channel: String
    /// Up to 8,000 bytes; "" when none was given.
    package let payload: String
    /// The server process that sent it; our own notifications come back to us too.
    package let processID: Int32
}
