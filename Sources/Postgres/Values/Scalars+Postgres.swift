// Bool, integers, Double and String as parameters and cells.

extension Bool: PostgresCodable, PostgresArrayElement {
    package static var postgresType: PostgresType { .bool }
    package static var postgresArrayType: PostgresType { .boolArray }

    package func encode(into bytes: inout [UInt8]) {
        bytes.append(self ? 1 : 0)
    }

    package init(postgres cell: PostgresCell) throws(PostgresError) {
        self = try cell.integer(cell.bytes(as: .bool), as: UInt8.self) != 0
    }
}

extension Int16: PostgresCodable, PostgresArrayElement {
    package static var postgresType: PostgresType { .int2 }
    package static var postgresArrayType: PostgresType { .int2Array }

    package func encode(into bytes: inout [UInt8]) {
        bytes.append(bigEndian: self)
    }

    package init(postgres cell: PostgresCell) throws(PostgresError) {
        self = try cell.integer(cell.bytes(as: .int2), as: Int16.self)
    }
}

/// Reads `int4` and the narrower `int2`.
extension Int32: PostgresCodable, PostgresArrayElement {
    package static var postgresType: PostgresType { .int4 }
    package static var postgresArrayType: PostgresType { .int4Array }

    package func encode(into bytes: inout [UInt8]) {
        bytes.append(bigEndian: self)
    }

    package init(postgres cell: PostgresCell) throws(PostgresError) {
        if cell.type == .int2 {
            self = Int32(try Int16(postgres: cell))
        } else {
            self = try cell.integer(cell.bytes(as: .int4), as: Int32.self)
        }
    }
}

/// Reads `int8`, the narrower `int4` and `int2`, and `oid`.
extension Int64: PostgresCodable, PostgresArrayElement {
    package static var postgresType: PostgresType { .int8 }
    package static var postgresArrayType: PostgresType { .int8Array }

    package func encode(into bytes: inout [UInt8]) {
        bytes.append(bigEndian: self)
    }

    package init(postgres cell: PostgresCell) throws(PostgresError) {
        switch cell.type {
        case .int4, .int2: self = Int64(try Int32(postgres: cell))
        case .oid: self = Int64(try cell.integer(cell.bytes(as: .oid), as: UInt32.self))
        default: self = try cell.integer(cell.bytes(as: .int8), as: Int64.self)
        }
    }
}

/// The same as `Int64`.
extension Int: PostgresCodable, PostgresArrayElement {
    package static var postgresType: PostgresType { .int8 }
    package static var postgresArrayType: PostgresType { .int8Array }

    package func encode(into bytes: inout [UInt8]) {
        bytes.append(bigEndian: Int64(self))
    }

    package init(postgres cell: PostgresCell) throws(PostgresError) {
        self = Int(try Int64(postgres: cell))
    }
}

/// Reads `float8` and `float4`; NaN and the infinities included.
extension Double: PostgresCodable, PostgresArrayElement {
    package static var postgresType: PostgresType { .float8 }
    package static var postgresArrayType: PostgresType { .float8Array }

    package func encode(into bytes: inout [UInt8]) {
        bytes.append(bigEndian: bitPattern)
    }

    package init(postgres cell: PostgresCell) throws(PostgresError) {
        let bytes = try cell.bytes(as: .float8, .float4)
        self =
            bytes.count == 4
            ? Double(Float(bitPattern: try cell.integer(bytes, as: UInt32.self)))
            : Double(bitPattern: try cell.integer(bytes, as: UInt64.self))
    }
}

/// Reads every text type, and types created in the database whose binary form is their text (enums,
/// citext). A parameter with a NUL byte is refused when it is sent: PostgreSQL's text holds none.
extension String: PostgresCodable, PostgresArrayElement {
    /// Nil where they are not UTF-8. `validating` takes several times as long as `decoding`, which would
    /// repair what is wrong: in ASCII nothing can be.
    private static func text(_ bytes: ArraySlice<UInt8>) -> String? {
        bytes.reduce(0, |) < 0x80
            ? String(decoding: bytes, as: UTF8.self) : String(validating: bytes, as: UTF8.self)
    }

    package static var postgresType: PostgresType { .text }
    package static var postgresArrayType: PostgresType { .textArray }

    package func encode(into bytes: inout [UInt8]) {
        bytes.append(contentsOf: utf8)
    }

    package init(postgres cell: PostgresCell) throws(PostgresError) {
        let bytes = try cell.bytes(as: cell.type.isText ? cell.type : .text)
        guard !bytes.contains(0), let text = Self.text(bytes) else {
            throw cell.failure(expected: "text", found: "\(cell.type) that is not text")
        }
        self = text
    }
}
