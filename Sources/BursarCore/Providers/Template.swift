// Text with `{name}` placeholders, filled in with values that are then encoded for where they go.

/// `invoice-{invoice_id}` as its parts. Filling never re-reads what was filled in, so a value that holds
/// braces stays what it is.
package struct Template: Sendable, Equatable {
    package enum Part: Sendable, Equatable {
        case text(String)
        case placeholder(String)
    }

    package let parts: [Part]

    /// Nil when a brace is not closed or a name is empty.
    package init?(_ source: String) {
        var parts: [Part] = []
        var rest = Substring(source)
        while let open = rest.firstIndex(of: "{") {
            guard let close = rest[open...].firstIndex(of: "}"), rest.index(after: open) < close else {
                return nil
            }
            if open > rest.startIndex { parts.append(.text(String(rest[..<open]))) }
            parts.append(.placeholder(String(rest[rest.index(after: open)..<close])))
            rest = rest[rest.index(after: close)...]
        }
        if !rest.isEmpty { parts.append(.text(String(rest))) }
        self.parts = parts
    }

    package var placeholders: [String] {
        parts.compactMap { part in
            if case .placeholder(let name) = part { name } else { nil }
        }
    }

    /// The text with every placeholder filled; nil when a value is missing.
    package func filled(with values: [String: String]) -> String? {
        var text = ""
        for part in parts {
            switch part {
            case .text(let literal): text += literal
            case .placeholder(let name):
                guard let value = values[name] else { return nil }
                text += value
            }
        }
        return text
    }
}
