// How a Swift value becomes a parameter and how a cell becomes a Swift value.

/// A value that can be bound to a parameter, in PostgreSQL's binary format.
package protocol PostgresEncodable: Sendable {
    /// The parameter's type; a column of another type needs a cast in the SQL.
    static var postgresType: PostgresType { get }
    /// Whether NULL is sent; `encode` is then not called.
    var isPostgresNull: Bool { get }
    /// Appends the value's binary form, without a length.
    func encode(into bytes: inout [UInt8])
}

/// A value that can be read out of a cell.
package protocol PostgresDecodable: Sendable {
    /// Reads the cell, or throws `.decoding` naming its column when the type or NULL does not fit.
    init(postgres cell: PostgresCell) throws(PostgresError)
}

/// A value that goes both ways.
package typealias PostgresCodable = PostgresEncodable & PostgresDecodable

extension PostgresEncodable {
    package var isPostgresNull: Bool { false }
}

extension Optional: PostgresEncodable where Wrapped: PostgresEncodable {
    package static var postgresType: PostgresType { Wrapped.postgresType }

    package var isPostgresNull: Bool { self?.isPostgresNull ?? true }

    package func encode(into bytes: inout [UInt8]) {
        self?.encode(into: &bytes)
    }
}

extension Optional: PostgresDecodable where Wrapped: PostgresDecodable {
    package init(postgres cell: PostgresCell) throws(PostgresError) {
        self = cell.bytes == nil ? .none : .some(try Wrapped(postgres: cell))
    }
}

/// An id or an enum over an encodable raw value is encodable: it only has to say so.
extension PostgresEncodable where Self: RawRepresentable, RawValue: PostgresEncodable {
    package static var postgresType: PostgresType { RawValue.postgresType }

    package func encode(into bytes: inout [UInt8]) {
        rawValue.encode(into: &bytes)
    }
}

extension PostgresDecodable where Self: RawRepresentable, RawValue: PostgresDecodable {
    package init(postgres cell: PostgresCell) throws(PostgresError) {
        guard let value = Self(rawValue: try RawValue(postgres: cell)) else {
            throw cell.failure(expected: "\(Self.self)", found: "a value that is none")
        }
        self = value
    }
}
