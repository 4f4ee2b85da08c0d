// Arrays of one dimension, with or without NULL elements; and bytea, which is Swift's [UInt8].

/// A value that `[Self]` can be bound and read for. Scalars only have to name their array type.
package protocol PostgresArrayElement: Sendable {
    static var postgresArrayType: PostgresType { get }
    static func encodeArray(_ array: [Self], into bytes: inout [UInt8])
    static func decodeArray(_ cell: PostgresCell) throws(PostgresError) -> [Self]
}

extension Array: PostgresEncodable where Element: PostgresArrayElement {
    package static var postgresType: PostgresType { Element.postgresArrayType }

    package func encode(into bytes: inout [UInt8]) {
        Element.encodeArray(self, into: &bytes)
    }
}

extension Array: PostgresDecodable where Element: PostgresArrayElement {
    package init(postgres cell: PostgresCell) throws(PostgresError) {
        self = try Element.decodeArray(cell)
    }
}

/// `[UInt8]` is bytea, not an array.
extension UInt8: PostgresArrayElement {
    package static var postgresArrayType: PostgresType { .bytea }

    package static func encodeArray(_ array: [UInt8], into bytes: inout [UInt8]) {
        bytes += array
    }

    package static func decodeArray(_ cell: PostgresCell) throws(PostgresError) -> [UInt8] {
        Array(try cell.bytes(as: .bytea))
    }
}

/// `[[UInt8]]` is an array of bytea.
extension Array: PostgresArrayElement where Element == UInt8 {
    package static var postgresArrayType: PostgresType { .byteaArray }
}

/// `[T?]` is an array that may hold NULLs.
extension Optional: PostgresArrayElement where Wrapped: PostgresArrayElement & PostgresCodable {
    package static var postgresArrayType: PostgresType { Wrapped.postgresArrayType }
}

/// An array's binary form (array_send in arrayfuncs.c): dimensions, a flag for NULLs, the element type;
/// then for the one dimension its length and lower bound; then each element with its length, -1 for NULL.
extension PostgresArrayElement where Self: PostgresCodable {
    package static func encodeArray(_ array: [Self], into bytes: inout [UInt8]) {
        let hasNulls = array.contains { $0.isPostgresNull }
        bytes.append(bigEndian: Int32(array.isEmpty ? 0 : 1))
        bytes.append(bigEndian: Int32(hasNulls ? 1 : 0))
        bytes.append(bigEndian: postgresType.oid)
        guard !array.isEmpty else { return }
        bytes.append(bigEndian: Int32(clamping: array.count))
        bytes.append(bigEndian: Int32(1))
        for element in array {
            encodeElement(element, into: &bytes)
        }
    }

    package static func decodeArray(_ cell: PostgresCell) throws(PostgresError) -> [Self] {
        var reader = try CellReader(cell, anyBytes(of: cell), expected: "\(postgresArrayType)")
        let dimensions: Int32 = try reader.integer()
        _ = try reader.integer(Int32.self)
        let elementType = PostgresType(oid: try reader.integer())
        if dimensions == 0 { return [] }
        let count: Int32 = try reader.integer()
        _ = try reader.integer(Int32.self)
        // Each element takes at least its length's four bytes, so a false count reserves nothing.
        guard dimensions == 1, count >= 0, Int(count) <= reader.rest.count / 4 else { throw reader.failure }
        var array: [Self] = []
        array.reserveCapacity(Int(count))
        for _ in 0..<count {
            let length: Int32 = try reader.integer()
            let bytes = length == -1 ? nil : try reader.bytes(Int(length))
            let element = PostgresCell(column: cell.column, type: elementType, bytes: bytes)
            array.append(try Self(postgres: element))
        }
        try reader.end()
        return array
    }

    private static func encodeElement(_ element: Self, into bytes: inout [UInt8]) {
        guard !element.isPostgresNull else { return bytes.append(bigEndian: Int32(-1)) }
        let start = bytes.count
        bytes.append(bigEndian: Int32(0))
        element.encode(into: &bytes)
        let length = Int32(clamping: bytes.count - start - 4)
        withUnsafeBytes(of: length.bigEndian) { bytes.replaceSubrange(start..<start + 4, with: $0) }
    }

    /// The element type inside decides what fits, so that varchar[] reads as text[] does.
    private static func anyBytes(of cell: PostgresCell) throws(PostgresError) -> ArraySlice<UInt8> {
        let fits = cell.type.isUserDefined || cell.type.isArray
        return try cell.bytes(as: fits ? cell.type : postgresArrayType)
    }
}
