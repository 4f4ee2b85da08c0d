// numeric, exact to the last digit, held as decimal text.

/// An exact decimal number of any length, as text: `-?digits[.digits]`, `NaN`, `Infinity`, `-Infinity`.
///
/// Two values are equal when their texts are: 1.0 and 1.00 differ, as PostgreSQL keeps the scale.
package struct PostgresNumeric: Sendable, Hashable, CustomStringConvertible {
    /// PostgreSQL's own spelling: no plus sign, no leading zeros, a digit before the point, no "-0".
    package let text: String
    package var description: String { text }

    /// Reads a decimal without exponent; nil for anything else, or for more than PostgreSQL can hold
    /// (131,072 digits before the point, 16,383 after).
    package init?(_ text: String) {
        guard let parts = NumericParts(text) else { return nil }
        self.text = parts.text
    }

    package init(_ integer: Int) { text = String(integer) }
}

extension PostgresNumeric: PostgresCodable, PostgresArrayElement {
    package static var postgresType: PostgresType { .numeric }
    package static var postgresArrayType: PostgresType { .numericArray }

    package func encode(into bytes: inout [UInt8]) {
        // `text` came out of NumericParts, so it goes in again.
        NumericParts(text)?.encode(into: &bytes)
    }

    package init(postgres cell: PostgresCell) throws(PostgresError) {
        var reader = try CellReader(cell, cell.bytes(as: .numeric), expected: "numeric")
        text = try NumericParts(&reader).text
    }
}
