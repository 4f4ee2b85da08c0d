// How long a token lives by what its reply says (docs/API.md section 5).
import BursarCore

enum Lifetime {
    /// `expires_in` if the reply has it, else `expires_at` if the profile has a place for it, else
    /// `when_missing`; never above `at_most`.
    static func lifetime(
        in document: JSONValue, profile: ProviderProfile, sentAt: Instant
    ) throws(ExchangeFailure) -> Duration {
        let rules = profile.lifetime
        if let value = value(at: profile.reply.expiresIn, in: document) {
            return try duration(value, unit: rules.unit, atMost: rules.atMost)
        }
        if let value = value(at: profile.reply.expiresAt, in: document) {
            return try untilEnd(value, unit: rules.unit, atMost: rules.atMost, sentAt: sentAt)
        }
        return min(rules.whenMissing, rules.atMost)
    }

    /// Numbers and numeric strings, floored to whole units; zero, negative and everything else is refused.
    static func duration(
        _ value: JSONValue, unit: Duration, atMost: Duration
    ) throws(ExchangeFailure) -> Duration {
        let units = try number(value).rounded(.down)
        guard units >= 1 else { throw ExchangeFailure(.lifetimeInvalid) }
        // 1e308 and what JSON can write beyond it (infinity here) are as capped as 10^12 is.
        guard units < atMost / unit else { return atMost }
        return unit * Int64(units)
    }

    /// An absolute end: RFC 3339, or seconds since 1970 (milliseconds where the profile's unit is ms).
    private static func untilEnd(
        _ value: JSONValue, unit: Duration, atMost: Duration, sentAt: Instant
    ) throws(ExchangeFailure) -> Duration {
        let left: Double
        if case .string(let text) = value, let end = Timestamp.rfc3339(text) {
            left = (end - sentAt).fractionalSeconds
        } else {
            left = try number(value) * unit.fractionalSeconds - Double(sentAt.microseconds) / 1_000_000
        }
        guard left >= 1 else { throw ExchangeFailure(.lifetimeInvalid) }
        return left < atMost.fractionalSeconds ? .seconds(Int64(left)) : atMost
    }

    /// The value of a JSON number, also inside a string; a Double is exact up to 2^53, far above every cap.
    static func number(_ value: JSONValue) throws(ExchangeFailure) -> Double {
        switch value {
        case .number(let digits):
            if let number = Double(digits) { return number }
        case .string(let text):
            // The grammar is JSON's, so that "NaN", "0x10" and " 300" stay text.
            if JSONReader.isNumber(text), let number = Double(text) { return number }
        case .null, .bool, .array, .object: break
        }
        throw ExchangeFailure(.lifetimeInvalid)
    }

    /// Missing and null are the same.
    private static func value(at pointer: String?, in document: JSONValue) -> JSONValue? {
        guard let value = pointer.flatMap(JSONPointer.init)?.value(in: document), value != .null else {
            return nil
        }
        return value
    }
}
