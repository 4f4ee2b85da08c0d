// A row and how to read it: all columns in order, or one by its name.

/// One row of an answer. Rows of an answer share its storage; a kept row keeps all of it.
package struct PostgresRow: Sendable {
    let storage: RowStorage
    let index: Int

    /// The columns' names in order.
    package var columns: [String] { storage.columns.map(\.name) }

    /// Reads all columns in order, as many as the row has:
    /// `let (id, name) = try row.decode(PostgresUUID.self, String?.self)`.
    ///
    /// Throws `.decoding` naming the column that does not fit.
    package func decode<each T: PostgresDecodable>(
        _ types: repeat (each T).Type
    ) throws(PostgresError) -> (repeat each T) {
        var position = 0
        func next<U: PostgresDecodable>(_: U.Type) throws(PostgresError) -> U {
            defer { position += 1 }
            guard position < storage.columns.count else { throw wrongWidth("more than \(position) columns") }
            return try U(postgres: cell(position))
        }
        let values = (repeat try next((each T).self))
        guard position == storage.columns.count else { throw wrongWidth("\(position) columns") }
        return values
    }

    /// Reads one column by its name; throws `.decoding` when there is none or it does not fit.
    package func decode<T: PostgresDecodable>(
        _ column: String, as type: T.Type = T.self
    ) throws(PostgresError) -> T {
        try T(postgres: cell(column))
    }

    /// The cell of the first column with this name; throws `.decoding` when there is none.
    package func cell(_ column: String) throws(PostgresError) -> PostgresCell {
        guard let cell = self[column] else {
            throw .decoding(.init(column: column, expected: "a column", found: "no such column"))
        }
        return cell
    }

    /// The cell of the first column with this name, or nil.
    package subscript(_ column: String) -> PostgresCell? {
        let count = column.utf8.count
        for place in storage.columns.indices {
            // The count alone tells most names apart, and a start reads tens of millions of cells.
            let name = storage.columns[place].name
            if name.utf8.count == count, name == column { return cell(place) }
        }
        return nil
    }

    private func cell(_ position: Int) -> PostgresCell {
        let column = storage.columns[position]
        return PostgresCell(column: column.name, type: column.type, bytes: storage.bytes(index, position))
    }

    private func wrongWidth(_ expected: String) -> PostgresError {
        .decoding(.init(column: "", expected: expected, found: "\(storage.columns.count)"))
    }
}

/// A row may hold a secret, so neither `print` nor `dump` shows its values.
extension PostgresRow: CustomStringConvertible, CustomReflectable {
    package var description: String { "row of \(columns.joined(separator: ", "))" }

    package var customMirror: Mirror { Mirror(self, children: ["columns": columns]) }
}
