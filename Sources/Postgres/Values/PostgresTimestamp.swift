// timestamptz as a plain count; PostgreSQL counts from 2000-01-01.

/// An instant: microseconds since the Unix epoch. PostgreSQL's own resolution, so nothing is rounded.
package struct PostgresTimestamp: Sendable, Hashable, Comparable {
    /// Since 1970-01-01 00:00 UTC.
    package var microseconds: Int64

    package init(microseconds: Int64) { self.microseconds = microseconds }

    /// Later than every instant; PostgreSQL's `infinity`.
    package static let infinity = PostgresTimestamp(microseconds: .max)
    /// Earlier than every instant; PostgreSQL's `-infinity`.
    package static let minusInfinity = PostgresTimestamp(microseconds: .min)

    package static func < (left: Self, right: Self) -> Bool { left.microseconds < right.microseconds }

    /// From the Unix epoch to 2000-01-01: 10,957 days.
    private static let epoch: Int64 = 10_957 * 86_400_000_000
}

extension PostgresTimestamp: PostgresCodable, PostgresArrayElement {
    package static var postgresType: PostgresType { .timestamptz }
    package static var postgresArrayType: PostgresType { .timestamptzArray }

    /// An instant before what Int64 can say from 2000 on becomes `-infinity`.
    package func encode(into bytes: inout [UInt8]) {
        if self == .infinity { return bytes.append(bigEndian: Int64.max) }
        let (value, overflow) = microseconds.subtractingReportingOverflow(Self.epoch)
        bytes.append(bigEndian: overflow ? .min : value)
    }

    package init(postgres cell: PostgresCell) throws(PostgresError) {
        let value = try cell.integer(cell.bytes(as: .timestamptz), as: Int64.self)
        if value == .max || value == .min {
            microseconds = value
            return
        }
        let (sum, overflow) = value.addingReportingOverflow(Self.epoch)
        // Only the last thirty years PostgreSQL can say, up to 294276, do not fit.
        guard !overflow else {
            throw cell.failure(expected: "timestamptz", found: "one after the year 294246")
        }
        microseconds = sum
    }
}
