// date as a plain count of days; PostgreSQL counts from 2000-01-01.

/// A calendar day: days since 1970-01-01.
package struct PostgresDate: Sendable, Hashable, Comparable {
    /// Since 1970-01-01.
    package var days: Int32

    package init(days: Int32) { self.days = days }

    /// Later than every day; PostgreSQL's `infinity`.
    package static let infinity = PostgresDate(days: .max)
    /// Earlier than every day; PostgreSQL's `-infinity`.
    package static let minusInfinity = PostgresDate(days: .min)

    package static func < (left: Self, right: Self) -> Bool { left.days < right.days }

    private static let epoch: Int32 = 10_957
}

extension PostgresDate: PostgresCodable, PostgresArrayElement {
    package static var postgresType: PostgresType { .date }
    package static var postgresArrayType: PostgresType { .dateArray }

    package func encode(into bytes: inout [UInt8]) {
        if self == .infinity { return bytes.append(bigEndian: Int32.max) }
        let (value, overflow) = days.subtractingReportingOverflow(Self.epoch)
        bytes.append(bigEndian: overflow ? .min : value)
    }

    package init(postgres cell: PostgresCell) throws(PostgresError) {
        let value = try cell.integer(cell.bytes(as: .date), as: Int32.self)
        // PostgreSQL's last day, in the year 5874897, is about 2,145,043,000 days from 1970 and fits.
        days = value == .max || value == .min ? value : value.addingReportingOverflow(Self.epoch).partialValue
    }
}
