// libpq's connection options: those the string gives, and those the environment would add.
import CLibPQ

/// A connection string taken apart by libpq.
struct ConnectionOptions: Sendable {
    /// What the string itself says.
    var given: [String: String]
    /// What libpq would add: PG* variables, PGSERVICE's entry, built-in values.
    var defaults: [String: String]

    init(given: [String: String], defaults: [String: String]) {
        self.given = given
        self.defaults = defaults
    }

    /// nil when the string cannot be parsed. libpq's message would quote it, so there is none.
    init?(parsing string: String) {
        var given: [String: String] = [:]
        if !string.isEmpty {
            guard !string.utf8.contains(0) else { return nil }
            var message: UnsafeMutablePointer<CChar>?
            let options = PQconninfoParse(string, &message)
            PQfreemem(message)
            guard let options else { return nil }
            given = Self.take(options)
        }
        self.init(given: given, defaults: PQconndefaults().map(Self.take) ?? [:])
    }

    /// An option as libpq will see it.
    func value(_ keyword: String) -> String? {
        given[keyword] ?? defaults[keyword]
    }

    /// Words that no message may show.
    var secrets: [String] {
        ["password", "sslpassword"].compactMap(value).filter { !$0.isEmpty }
    }

    /// Copies libpq's list, without options that are not set, and frees it.
    private static func take(_ options: UnsafeMutablePointer<PQconninfoOption>) -> [String: String] {
        defer { PQconninfoFree(options) }
        var values: [String: String] = [:]
        var next = options
        while let keyword = next.pointee.keyword {
            if let value = next.pointee.val { values[String(cString: keyword)] = String(cString: value) }
            next += 1
        }
        return values
    }
}
