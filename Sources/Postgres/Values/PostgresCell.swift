// One value of one row as the server sent it: the name and type of its column, and its bytes.

/// One cell of a row, or one element of an array in it.
package struct PostgresCell: Sendable {
    /// The column's name, for errors.
    package let column: String
    /// The type the server says the bytes have.
    package let type: PostgresType
    /// The binary form; nil is NULL.
    package let bytes: ArraySlice<UInt8>?

    /// The bytes of a cell that has one of these types and is not NULL; otherwise throws `.decoding`.
    package func bytes(as types: PostgresType...) throws(PostgresError) -> ArraySlice<UInt8> {
        guard let bytes else { throw failure(expected: "\(types[0])", found: "NULL") }
        guard types.contains(type) else { throw failure(expected: "\(types[0])", found: "\(type)") }
        return bytes
    }

    /// The same for one type, which takes no array: a start reads tens of millions of cells.
    package func bytes(as wanted: PostgresType) throws(PostgresError) -> ArraySlice<UInt8> {
        guard let bytes else { throw failure(expected: "\(wanted)", found: "NULL") }
        guard type == wanted else { throw failure(expected: "\(wanted)", found: "\(type)") }
        return bytes
    }

    /// The error that says what this cell is not.
    package func failure(expected: String, found: String? = nil) -> PostgresError {
        .decoding(.init(column: column, expected: expected, found: found ?? "\(type) of a wrong length"))
    }

    /// The whole cell as one big-endian integer; throws when its length is another.
    func integer<I: FixedWidthInteger>(_ bytes: ArraySlice<UInt8>, as _: I.Type) throws(PostgresError) -> I {
        guard bytes.count == MemoryLayout<I>.size else { throw failure(expected: "\(I.self)") }
        return I(bigEndian: bytes.withUnsafeBytes { $0.loadUnaligned(as: I.self) })
    }
}

/// A cell may hold a secret, so neither `print` nor `dump` shows its bytes.
extension PostgresCell: CustomStringConvertible, CustomReflectable {
    package var description: String { "\(type) cell of \(column)" }

    package var customMirror: Mirror { Mirror(self, children: ["column": column]) }
}

/// Reads integers off the front of a cell's bytes, and notices when they run out.
struct CellReader {
    private let cell: PostgresCell
    private let expected: String
    private(set) var rest: ArraySlice<UInt8>

    init(_ cell: PostgresCell, _ bytes: ArraySlice<UInt8>, expected: String) {
        self.cell = cell
        self.expected = expected
        rest = bytes
    }

    var failure: PostgresError { cell.failure(expected: expected, found: "malformed \(cell.type)") }

    mutating func integer<I: FixedWidthInteger>(_ type: I.Type = I.self) throws(PostgresError) -> I {
        try cell.integer(bytes(MemoryLayout<I>.size), as: type)
    }

    mutating func bytes(_ count: Int) throws(PostgresError) -> ArraySlice<UInt8> {
        guard count >= 0, count <= rest.count else { throw failure }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    func end() throws(PostgresError) {
        guard rest.isEmpty else { throw failure }
    }
}

extension [UInt8] {
    /// Appends an integer in network order.
    mutating func append<I: FixedWidthInteger>(bigEndian value: I) {
        Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
    }
}
