// Types by their fixed object ids (pg_type.dat), which the binary format is spoken in.

/// A PostgreSQL type, known by its object id.
package struct PostgresType: Hashable, Sendable, CustomStringConvertible {
    /// The type's object id; below 16384 it is the same on every server.
    package let oid: UInt32

    package init(oid: UInt32) { self.oid = oid }

    /// Whether somebody created the type (an enum, an extension's type): ids from 16384 on.
    package var isUserDefined: Bool { oid >= 16384 }

    /// Whether its binary form is its text.
    var isText: Bool {
        switch self {
        case .text, .varchar, .bpchar, .name, .unknown: true
        default: isUserDefined
        }
    }

    /// Whether it is one of the arrays this module can name.
    var isArray: Bool { Self.arrays.contains(oid) }

    /// The type's SQL name, or "type N" for one this module does not speak.
    package var description: String { Self.names[oid] ?? "type \(oid)" }

    package static let bool = PostgresType(oid: 16)
    package static let bytea = PostgresType(oid: 17)
    package static let name = PostgresType(oid: 19)
    package static let int8 = PostgresType(oid: 20)
    package static let int2 = PostgresType(oid: 21)
    package static let int4 = PostgresType(oid: 23)
    package static let text = PostgresType(oid: 25)
    package static let oid = PostgresType(oid: 26)
    package static let json = PostgresType(oid: 114)
    package static let float4 = PostgresType(oid: 700)
    package static let float8 = PostgresType(oid: 701)
    package static let unknown = PostgresType(oid: 705)
    package static let bpchar = PostgresType(oid: 1042)
    package static let varchar = PostgresType(oid: 1043)
    package static let date = PostgresType(oid: 1082)
    package static let timestamp = PostgresType(oid: 1114)
    package static let timestamptz = PostgresType(oid: 1184)
    package static let interval = PostgresType(oid: 1186)
    package static let numeric = PostgresType(oid: 1700)
    package static let uuid = PostgresType(oid: 2950)
    package static let jsonb = PostgresType(oid: 3802)

    package static let boolArray = PostgresType(oid: 1000)
    package static let byteaArray = PostgresType(oid: 1001)
    package static let int2Array = PostgresType(oid: 1005)
    package static let int4Array = PostgresType(oid: 1007)
    package static let textArray = PostgresType(oid: 1009)
    package static let int8Array = PostgresType(oid: 1016)
    package static let float8Array = PostgresType(oid: 1022)
    package static let dateArray = PostgresType(oid: 1182)
    package static let timestamptzArray = PostgresType(oid: 1185)
    package static let intervalArray = PostgresType(oid: 1187)
    package static let numericArray = PostgresType(oid: 1231)
    package static let uuidArray = PostgresType(oid: 2951)
    package static let jsonbArray = PostgresType(oid: 3807)

    private static let arrays = Set(names.filter { $0.value.hasSuffix("[]") }.keys)

    private static let names: [UInt32: String] = [
        16: "bool", 17: "bytea", 19: "name", 20: "int8", 21: "int2", 23: "int4", 25: "text", 26: "oid",
        114: "json", 700: "float4", 701: "float8", 705: "unknown", 1000: "bool[]", 1001: "bytea[]",
        1003: "name[]", 1005: "int2[]", 1007: "int4[]", 1009: "text[]", 1014: "bpchar[]", 1015: "varchar[]",
        1016: "int8[]", 1021: "float4[]", 1022: "float8[]", 1042: "bpchar", 1043: "varchar", 1082: "date",
        1083: "time", 1114: "timestamp", 1115: "timestamp[]", 1182: "date[]", 1184: "timestamptz",
        1185: "timestamptz[]", 1186: "interval", 1187: "interval[]", 1231: "numeric[]", 1700: "numeric",
        2249: "record", 2278: "void", 2950: "uuid", 2951: "uuid[]", 3802: "jsonb", 3807: "jsonb[]",
    ]
}
