// Owns one PGresult: cleared exactly once, and read only while it lives.
import CLibPQ

/// One result of a statement. Lives on the connection's thread and never leaves it.
struct LibPQResult: ~Copyable {
    private let pointer: OpaquePointer

    init(_ pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit {
        PQclear(pointer)
    }

    var status: ExecStatusType { PQresultStatus(pointer) }

    var rowCount: Int { Int(PQntuples(pointer)) }

    /// What it takes in memory, in bytes.
    var memory: Int { PQresultMemorySize(pointer) }

    var columns: [RowStorage.Column] {
        (0..<PQnfields(pointer)).map { column in
            let name = PQfname(pointer, column).map { String(cString: $0) } ?? ""
            return RowStorage.Column(name: name, type: PostgresType(oid: PQftype(pointer, column)))
        }
    }

    /// A cell's bytes, valid as long as the result; nil is NULL.
    func cell(_ row: Int, _ column: Int) -> UnsafeRawBufferPointer? {
        let (row, column) = (Int32(row), Int32(column))
        guard PQgetisnull(pointer, row, column) == 0, let value = PQgetvalue(pointer, row, column) else {
            return nil
        }
        return UnsafeRawBufferPointer(start: value, count: Int(PQgetlength(pointer, row, column)))
    }

    /// How many rows the statement answered or changed; 0 for one that counts none.
    var affectedRows: Int {
        PQcmdTuples(pointer).flatMap { Int(String(cString: $0)) } ?? 0
    }

    /// The command tag: what the server says it did.
    var tag: String { PQcmdStatus(pointer).map { String(cString: $0) } ?? "" }

    /// The server's refusal; nil when the result is none, or libpq made it up because the line broke.
    func serverError(withMessage: Bool) -> PostgresServerError? {
        PostgresServerError(pointer, withMessage: withMessage)
    }
}

extension PostgresServerError {
    /// What a result of libpq's says, which stays the caller's; nil when it bears no code.
    init?(_ result: OpaquePointer?, withMessage: Bool) {
        // By the PG_DIAG_… letters of postgres_ext.h.
        func field(_ letter: Unicode.Scalar) -> String? {
            PQresultErrorField(result, Int32(letter.value)).map { String(cString: $0) }
        }
        guard let code = field("C") else { return nil }
        self.init(
            sqlState: SQLState(code), severity: field("V") ?? "ERROR", constraint: field("n"),
            table: field("t"), message: withMessage ? field("M") : nil,
            position: field("P").flatMap { Int($0) })
    }
}
