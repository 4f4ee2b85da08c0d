// interval as a plain count of microseconds.

/// A length of time in microseconds. Days count as 24 hours; months have no length and are refused.
package struct PostgresInterval: Sendable, Hashable, Comparable {
    /// The whole length; negative is backwards.
    package var microseconds: Int64

    package init(microseconds: Int64) { self.microseconds = microseconds }

    /// Rounds towards zero to whole microseconds; clamps what does not fit.
    package init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        let (sum, carry) = whole.addingReportingOverflow(attoseconds / 1_000_000_000_000)
        microseconds = overflow || carry ? (seconds < 0 ? .min : .max) : sum
    }

    package var duration: Duration { .microseconds(microseconds) }

    package static func < (left: Self, right: Self) -> Bool { left.microseconds < right.microseconds }
}

extension PostgresInterval: PostgresCodable, PostgresArrayElement {
    package static var postgresType: PostgresType { .interval }
    package static var postgresArrayType: PostgresType { .intervalArray }

    package func encode(into bytes: inout [UInt8]) {
        bytes.append(bigEndian: microseconds)
        bytes.append(bigEndian: Int32(0))
        bytes.append(bigEndian: Int32(0))
    }

    package init(postgres cell: PostgresCell) throws(PostgresError) {
        var reader = try CellReader(cell, cell.bytes(as: .interval), expected: "interval without months")
        let time: Int64 = try reader.integer()
        let days: Int32 = try reader.integer()
        let months: Int32 = try reader.integer()
        try reader.end()
        guard months == 0 else {
            throw cell.failure(expected: "interval without months", found: "interval with months")
        }
        // 2^31 days of 86,400,000,000 µs do overflow.
        let (whole, overflow) = Int64(days).multipliedReportingOverflow(by: 86_400_000_000)
        let (sum, carry) = whole.addingReportingOverflow(time)
        guard !overflow, !carry else { throw reader.failure }
        microseconds = sum
    }
}
