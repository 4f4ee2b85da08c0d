// The `Retry-After` header (RFC 9110 §10.2.3).
import BursarCore

enum RetryAfter {
    /// Whole seconds, or an HTTP date, taken against the reply's own `Date` where it has one, so that the two
    /// clocks need not agree. Nil when absent, unreadable, or not in the future.
    static func duration(in reply: ProviderReply) -> Duration? {
        guard let text = reply.header("retry-after") else { return nil }
        let wait: Duration
        if !text.isEmpty, text.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }) {
            wait = Int64(text).map { .seconds(min($0, 86_400)) } ?? Backoff.longestRetryAfter
        } else if let instant = Timestamp.httpDate(text) {
            wait = instant - (reply.header("date").flatMap(Timestamp.httpDate) ?? reply.sentAt)
        } else {
            return nil
        }
        return wait > .zero ? min(wait, Backoff.longestRetryAfter) : nil
    }
}
