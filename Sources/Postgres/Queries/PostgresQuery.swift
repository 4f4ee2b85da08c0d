// A statement and its parameters, which never meet in one string.

/// One SQL statement. What is interpolated becomes a parameter, bound and never spliced:
/// `"SELECT … WHERE id = \(id)"` sends `WHERE id = $1`.
///
/// A parameter has the type of its Swift value; where PostgreSQL wants another (an enum, `inet`), write the
/// cast after it: `\(state)::token_state`.
package struct PostgresQuery: Sendable, ExpressibleByStringInterpolation {
    /// The statement's text with `$1`, `$2` …
    package let sql: String
    let parameters: [Parameter]
    /// Whether connections keep it prepared.
    private(set) var isPrepared = false
    /// The text around the parameters, one piece more than there are of them: what makes one query fit into
    /// another.
    fileprivate let pieces: [String]

    struct Parameter: Sendable {
        let type: PostgresType
        /// The binary form; nil is NULL.
        let bytes: [UInt8]?
    }

    /// A statement without parameters out of text that no outsider has a hand in.
    package init(unsafeSQL sql: String) {
        self.sql = sql
        parameters = []
        pieces = [sql]
    }

    package init(stringLiteral value: String) {
        self.init(unsafeSQL: value)
    }

    package init(stringInterpolation: StringInterpolation) {
        pieces = stringInterpolation.pieces
        parameters = stringInterpolation.parameters
        var sql = pieces[0]
        sql.reserveCapacity(pieces.reduce(pieces.count * 4) { $0 + $1.utf8.count })
        for (number, piece) in pieces.enumerated().dropFirst() { sql += "$\(number)" + piece }
        self.sql = sql
    }
}

extension PostgresQuery {
    /// A statement that each connection keeps prepared, so that the server reads and plans its text once: for
    /// what is run all the time with the same text, and whose plan does not hang on its parameters. Behind a
    /// pooler that lends sessions for a transaction it runs like any other.
    package static func prepared(_ query: PostgresQuery) -> PostgresQuery {
        var query = query
        query.isPrepared = true
        return query
    }
}

extension PostgresQuery {
    package struct StringInterpolation: StringInterpolationProtocol, Sendable {
        var pieces = [""]
        var parameters: [Parameter] = []

        package init(literalCapacity: Int, interpolationCount: Int) {
            parameters.reserveCapacity(interpolationCount)
        }

        package mutating func appendLiteral(_ literal: String) {
            pieces[pieces.count - 1] += literal
        }

        private mutating func bind(_ parameter: Parameter) {
            parameters.append(parameter)
            pieces.append("")
        }

        /// Inserts another query, with its parameters, as a part of this one.
        package mutating func appendInterpolation(_ query: PostgresQuery) {
            appendLiteral(query.pieces[0])
            for (parameter, piece) in zip(query.parameters, query.pieces.dropFirst()) {
                bind(parameter)
                appendLiteral(piece)
            }
        }

        /// Binds a value as the next parameter.
        package mutating func appendInterpolation<T: PostgresEncodable>(_ value: T) {
            var bytes: [UInt8]?
            if !value.isPostgresNull {
                var encoded: [UInt8] = []
                value.encode(into: &encoded)
                bytes = encoded
            }
            bind(Parameter(type: T.postgresType, bytes: bytes))
        }

        /// Binds a value or NULL. The compiler takes an optional without this for a slip of the pen.
        package mutating func appendInterpolation<T: PostgresEncodable>(_ value: T?) {
            if let value {
                appendInterpolation(value)
            } else {
                bind(Parameter(type: T.postgresType, bytes: nil))
            }
        }

        /// Inserts SQL text as it stands: names of our own tables and columns, never anything that came
        /// from outside.
        package mutating func appendInterpolation(unescaped text: String) {
            appendLiteral(text)
        }
    }
}

/// A parameter may be a secret, so neither `print` nor `dump` shows one.
extension PostgresQuery: CustomStringConvertible, CustomReflectable {
    package var description: String { sql }

    package var customMirror: Mirror { Mirror(self, children: ["sql": sql]) }
}

extension PostgresQuery {
    /// More than anything we send on purpose; PostgreSQL's own limit on a message is 1 GiB.
    private static let parameterBytesLimit = 128 << 20
    /// A 16-bit count on the wire.
    private static let parameterCountLimit = 65_535

    /// Throws when libpq or the server would cut the statement short or could not carry it.
    func validate() throws(PostgresError) {
        // Byte by byte through the view this would take longer than all the rest.
        let hasNUL = sql.utf8.withContiguousStorageIfAvailable { $0.contains(0) }
        guard !(hasNUL ?? sql.utf8.contains(0)) else {
            throw .invalidParameter("the SQL holds a NUL byte")
        }
        guard parameters.count <= Self.parameterCountLimit else {
            throw .invalidParameter("more than \(Self.parameterCountLimit) parameters")
        }
        var total = 0
        for (index, parameter) in parameters.enumerated() {
            let bytes = parameter.bytes ?? []
            total += bytes.count
            if parameter.type == .text || parameter.type == .jsonb, bytes.contains(0) {
                throw .invalidParameter("parameter $\(index + 1) is text with a NUL byte")
            }
        }
        guard total <= Self.parameterBytesLimit else {
            throw .invalidParameter("parameters of more than \(Self.parameterBytesLimit) bytes")
        }
    }
}
